"""One streaming pass over an archive's members: everything that a snapshot is made of, or the reasons why it is refused.

1. Each member passes the path policy (paths.py) and the limits of EDGES.
2. Its content is hashed (SHA-256, git's SHA-1), its lines counted, and written into one pack.
3. At the end the common top folder is stripped, and manifest, file table, tree ids and dirHash are made.

A refusal does not stop the pass as long as the stream can be read, so that the sender sees all of them at once (up to 100).
Findings name what was admitted as the manifest does; with a refusal there is no manifest, and they name members as the archive does.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from transparency.proofs.digest import Digest
from transparency.proofs.escaping import escape_path
from transparency.proofs.filetable import FileEntry, format_file_table
from transparency.proofs.identity import REGULAR_MODES, SYMLINK_MODE, dir_hash, git_tree, swhid
from transparency.proofs.languages import language_of
from transparency.proofs.manifest import ManifestEntry, format_manifest
from transparency.proofs.sources.archive import ArchiveError, Member
from transparency.proofs.sources.bounds import LOOK_BYTES, check_ratio
from transparency.proofs.sources.flaglist import FlagList
from transparency.proofs.sources.membersource import Limits, MemberSource, Progress
from transparency.proofs.sources.nametree import NameTree, empty_folders
from transparency.proofs.sources.packfile import BLOB, TREE, PackWriter
from transparency.proofs.sources.paths import (
    MAX_PATH_BYTES,
    Finding,
    collisions,
    concerns_git_rules,
    fatal_rules,
    judge_names,
    leaves_tree,
    normal_path,
)
from transparency.proofs.sources.submodules import manifest_digest, submodule_entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from transparency.proofs.packages.declared import Package
    from transparency.proofs.sources.paths import Flag

TEXT_PROBE_BYTES = 8000
LOOK_MEMBERS = 4096
MAX_REFUSALS = 100
MAX_TARGET_BYTES = 4096
# Bounds of what is handed to git one by one: far above any real tree.
MAX_GIT_FILE_BYTES = 1024 * 1024
MAX_GIT_FILES = 1000
MAX_GIT_BYTES = 32 * 1024 * 1024
# Names and link targets are kept in memory until the end; and so are the paths of folders, all together.
MAX_NAME_BYTES = 256 * 1024 * 1024
_LF = b"\n"
GitFiles = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Intake:
    """What came out. With refusals the names are empty or None and nothing but the findings is to be kept."""

    flagged: tuple[Finding, ...]
    refused: tuple[Finding, ...]
    prefix: str = ""
    manifest: bytes = b""
    file_table: bytes = b""
    index: bytes = b""
    git_tree: str | None = None
    swhid: str | None = None
    dir_hash: str | None = None
    files: int = 0
    bytes: int = 0
    lines: int = 0
    # (raw path, content) of files whose content git's fsck judges; the caller asks git about them.
    git_files: GitFiles = ()
    # What the archive declares itself to be, where it is a package of a kind that we know.
    package: Package | None = None


@dataclass(slots=True)
class _Pass:
    """State of one pass; paths are those of the archive until the end."""

    pack: PackWriter
    limits: Limits
    source: MemberSource
    progress: Callable[[Progress], None]
    whole_paths: bool = False
    next_look: int = 0
    entries: dict[bytes, FileEntry] = field(default_factory=dict)
    folders: set[bytes] = field(default_factory=set)
    targets: dict[bytes, bytes] = field(default_factory=dict)
    contents: dict[bytes, FileEntry] = field(default_factory=dict)
    flags: FlagList = field(default_factory=FlagList)
    refused: list[Finding] = field(default_factory=list)
    git_files: dict[bytes, bytes] = field(default_factory=dict)
    git_bytes: int = 0
    content: int = 0
    names: int = 0
    members: int = 0

    def look(self) -> None:
        """Tell how far it is; and whatever the archive is made of, its content is no bomb."""
        consumed = self.source.consumed
        check_ratio(self.content, consumed, self.limits)
        self.progress(Progress(self.members, self.content, consumed))
        self.next_look = self.content + LOOK_BYTES

    def refuse(self, path: bytes, rule: str, detail: str = "") -> None:
        if len(self.refused) < MAX_REFUSALS:
            self.refuse_named(escape_path(path[:MAX_PATH_BYTES]), rule, detail)

    def refuse_named(self, name: str, rule: str, detail: str) -> None:
        if len(self.refused) < MAX_REFUSALS:
            self.refused.append(Finding(name, rule, detail, fatal=True))


def take_in(
    source: MemberSource,
    pack: BinaryIO,
    *,
    limits: Limits | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    whole_paths: bool = False,
) -> Intake:
    """Read the whole archive; `pack` is an empty seekable file that holds a complete git pack afterwards, unless something was refused.

    With `whole_paths` a top folder that all members share stays: a repository's tree is what was signed. What is wrong with the archive
    is a refusal of the Intake, never an error.
    """
    state = _Pass(PackWriter(pack), limits or Limits(), source, progress, whole_paths)
    try:
        for member in source:
            state.members += 1
            _take_member(state, member)
            _bound(state)
        source.finish()
        state.look()
    except ArchiveError as error:
        detail = f"expected {error.expected}, found {error.found}" if error.expected else error.found
        state.refuse_named(error.subject, error.code, detail)
    return _conclude(state, [Finding("", rule, detail) for rule, detail in source.flags])


def _take_member(state: _Pass, member: Member) -> None:
    path = normal_path(member.path, folder=member.kind == "folder")
    if member.kind == "folder" and not path and member.path:
        return  # `./` itself names no file
    fatal = fatal_rules(path[: 2 * MAX_PATH_BYTES])
    for rule, detail in fatal:
        state.refuse(path, rule, detail)
    sound = not fatal
    state.names += len(path) + len(member.target) if sound else 0
    if member.kind == "folder":
        if sound:
            state.folders.add(path)
        return
    if path in state.entries:
        state.refuse(path, "duplicate-path")
        sound = False
    if member.kind == "hardlink":
        _take_hard_link(state, path, member, sound=sound)
    elif member.kind == "symlink":
        _take_symlink(state, path, member, sound=sound)
    elif member.kind == "submodule":
        _take_submodule(state, path, member, sound=sound)
    else:
        _take_file(state, path, member, sound=sound)


def _take_file(state: _Pass, path: bytes, member: Member, *, sound: bool) -> None:
    most = min(state.limits.member, state.limits.content - state.content)
    if member.size > most:
        raise ArchiveError(
            "limit-member" if member.size > state.limits.member else "limit-content",
            subject=escape_path(path[:MAX_PATH_BYTES]),
            expected=f"at most {most} bytes",
            found=str(member.size),
        )
    entry = _take_content(state, path, member)
    if not sound:
        return
    state.entries[path] = entry
    if concerns_git_rules(path.rpartition(b"/")[2]):
        _keep_git_file(state, path, member.data, entry.size)


def _keep_git_file(state: _Pass, path: bytes, data: bytes | None, size: int) -> None:
    state.git_bytes += size
    if (
        data is None
        or size > MAX_GIT_FILE_BYTES
        or len(state.git_files) >= MAX_GIT_FILES
        or state.git_bytes > MAX_GIT_BYTES
    ):
        state.refuse(path, "git-file-large", f"{size} bytes")
    else:
        state.git_files[path] = data


def _take_content(state: _Pass, path: bytes, member: Member) -> FileEntry:
    mode = 0o100755 if member.executable else 0o100644
    if member.data is None:
        return _take_large(state, path, member, mode)
    data = member.data
    sha256 = hashlib.sha256(data).digest()
    sha1 = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).digest()
    state.pack.add(BLOB, data, sha1)
    state.content += len(data)
    binary = b"\0" in data[:TEXT_PROBE_BYTES]
    lines = 0 if binary else data.count(_LF) + (1 if data and not data.endswith(_LF) else 0)
    return _pinned(state, FileEntry(path, mode, Digest(sha256), sha1, len(data), lines, binary, language_of(path)))


def _take_large(state: _Pass, path: bytes, member: Member, mode: int) -> FileEntry:
    pieces = iter(member.pieces or ())
    first = next(pieces, b"")
    binary = b"\0" in first[:TEXT_PROBE_BYTES]

    def all_pieces() -> Iterator[bytes]:
        for piece in itertools.chain((first,), pieces):
            state.content += len(piece)
            if state.content >= state.next_look:
                state.look()
            yield piece

    sha1, sha256, newlines, ends_with_newline = state.pack.add_large(member.size, all_pieces())
    lines = 0 if binary else newlines + (0 if ends_with_newline else 1)
    return _pinned(state, FileEntry(path, mode, Digest(sha256), sha1, member.size, lines, binary, language_of(path)))


def _take_symlink(state: _Pass, path: bytes, member: Member, *, sound: bool) -> None:
    target = member.target
    if concerns_git_rules(path.rpartition(b"/")[2]):
        state.refuse(path, "path-git-symlink", "a symbolic link where git expects a file")
        return
    if not target or len(target) > MAX_TARGET_BYTES or b"\0" in target:
        state.refuse(path, "symlink-target", f"{len(target)} bytes" if b"\0" not in target else "a zero byte")
        return
    sha1 = state.pack.add(BLOB, target)
    sha256 = hashlib.sha256(target).digest()
    entry = _pinned(state, FileEntry(path, SYMLINK_MODE, Digest(sha256), sha1, len(target), 0, True, ""))  # noqa: FBT003 - a field
    if sound:
        state.targets[path] = target
        state.entries[path] = entry


def _take_submodule(state: _Pass, path: bytes, member: Member, *, sound: bool) -> None:
    if concerns_git_rules(path.rpartition(b"/")[2]):
        state.refuse(path, "path-git-folder", "a submodule where git expects a file")
    elif sound:
        state.entries[path] = submodule_entry(path, member.target)


def _take_hard_link(state: _Pass, path: bytes, member: Member, *, sound: bool) -> None:
    target = normal_path(member.target, folder=False)
    source = state.entries.get(target)
    if source is None or source.mode not in REGULAR_MODES:
        state.refuse(path, "hard-link-outside", f"no earlier file {escape_path(target)[:200]}")
    elif sound:
        state.entries[path] = FileEntry(
            path, source.mode, source.sha256, source.sha1, source.size, source.lines, source.binary, language_of(path)
        )
        state.content += source.size
        if concerns_git_rules(path.rpartition(b"/")[2]):
            if target in state.git_files:
                _keep_git_file(state, path, state.git_files[target], source.size)
            else:
                state.refuse(path, "path-git-hard-link", "a link where git expects a file of its own")


def _pinned(state: _Pass, entry: FileEntry) -> FileEntry:
    """One SHA-1, one SHA-256: two contents of one git name are an attack. Equal contents share their names in memory."""
    known = state.contents.setdefault(entry.sha1, entry)
    if known is entry:
        return entry
    if known.sha256 != entry.sha256:
        state.refuse(entry.path, "sha1-collision", entry.sha1.hex())
        return entry
    return FileEntry(
        entry.path, entry.mode, known.sha256, known.sha1, entry.size, entry.lines, entry.binary, entry.language
    )


def _bound(state: _Pass) -> None:
    limits = state.limits
    if state.content >= state.next_look or not state.members % LOOK_MEMBERS:
        state.look()
    if state.members > limits.members:
        raise ArchiveError("limit-members", expected=f"at most {limits.members} members", found="more")
    if state.content > limits.content:
        raise ArchiveError("limit-content", expected=f"at most {limits.content} bytes", found="more")
    if state.names > MAX_NAME_BYTES:
        raise ArchiveError("limit-names", expected=f"at most {MAX_NAME_BYTES} bytes of names", found="more")


def _conclude(state: _Pass, of_stream: list[Finding]) -> Intake:
    _check_folders(state)
    if not state.entries and not state.refused:
        state.refuse(b"", "no-files", "an archive without files")
    if state.refused:
        _flag(state, of_stream, b"", [*state.entries], [*state.folders])
        return Intake(state.flags.close(), tuple(state.refused))
    prefix, entries, folders = _strip(state)
    paths = [entry.path for entry in entries]
    _flag(state, of_stream, prefix, paths, folders)
    tree = git_tree(entries, keep=lambda identity, body: _keep_tree(state.pack, identity, body))
    empty = empty_folders(paths, folders)
    whole = git_tree(entries, empty_folders=empty) if empty else tree
    manifest = format_manifest(
        ManifestEntry(f"{entry.mode:o}", manifest_digest(entry), entry.size, entry.path) for entry in entries
    )
    return Intake(
        flagged=state.flags.close(),
        refused=(),
        prefix=escape_path(prefix),
        manifest=manifest,
        file_table=format_file_table(entries),
        index=state.pack.finish(),
        git_tree=tree.hex(),
        swhid=swhid(whole),
        dir_hash=dir_hash(entries),
        files=len(entries),
        bytes=sum(entry.size for entry in entries if entry.mode in REGULAR_MODES),
        lines=sum(entry.lines for entry in entries),
        git_files=tuple(state.git_files.items()),
    )


def _flag(state: _Pass, of_stream: list[Finding], prefix: bytes, paths: list[bytes], folders: list[bytes]) -> None:
    """What is kept and flagged, in the tree as it will be; the dropped top folder's own name first."""
    cut = len(prefix) + 1 if prefix else 0
    links = {path[cut:]: target for path, target in state.targets.items()}
    outside: Iterator[Flag] = (
        ("symlink-outside", partial(_outside, path, target))
        for path, target in links.items()
        if leaves_tree(path, target, links)
    )
    told: Iterator[Flag] = ((finding.rule, partial(replace, finding)) for finding in of_stream)
    tree = NameTree(paths, folders=folders)
    top = NameTree([prefix] if prefix else [])
    for flag in itertools.chain(told, outside, judge_names(top), judge_names(tree), collisions(tree)):
        state.flags.add(flag)


def _outside(path: bytes, target: bytes) -> Finding:
    return Finding(escape_path(path), "symlink-outside", escape_path(target))


def _keep_tree(pack: PackWriter, identity: bytes, body: bytes) -> None:
    pack.add(TREE, body, identity)


def _check_folders(state: _Pass) -> None:
    """A path is a file or a folder; and git refuses what is not a file where it looks for one of its own."""
    parents: set[bytes] = set()
    held = 0
    for path in itertools.chain(state.folders, state.entries):
        folder = path if path in state.folders else path.rpartition(b"/")[0]
        while folder and folder not in parents:
            parents.add(folder)
            held += len(folder)
            folder = folder.rpartition(b"/")[0]
        if held > MAX_NAME_BYTES:
            state.refuse(b"", "limit-names", f"expected at most {MAX_NAME_BYTES} bytes of folders, found more")
            return
    for path in sorted(parents & state.entries.keys()):
        state.refuse(path, "file-and-folder")
    for path in sorted(parents):
        if concerns_git_rules(path.rpartition(b"/")[2]):
            state.refuse(path, "path-git-folder", "a folder where git expects a file")


def _strip(state: _Pass) -> tuple[bytes, list[FileEntry], list[bytes]]:
    """Drop the top folder that all members share; folders count as members, a file at the top keeps everything."""
    members = [*state.entries, *state.folders]
    tops = {path.partition(b"/")[0] for path in members}
    prefix = tops.pop() if len(tops) == 1 and not state.whole_paths else b""
    if not prefix or prefix in state.entries:
        return b"", [state.entries[path] for path in sorted(state.entries)], sorted(state.folders)
    cut = len(prefix) + 1
    entries = [_moved(state.entries.pop(path), path[cut:]) for path in sorted(state.entries)]  # never all of them twice
    return prefix, entries, sorted(path[cut:] for path in state.folders if len(path) > cut)


def _moved(entry: FileEntry, path: bytes) -> FileEntry:
    return FileEntry(path, entry.mode, entry.sha256, entry.sha1, entry.size, entry.lines, entry.binary, entry.language)
