"""The tree of a commit as the members of an archive: read object by object, each compared with the name by which it was asked for.

| rule | when |
|---|---|
| git-tree-malformed | entries that do not read, are out of git's order, or repeated |
| git-tree-mode | another mode than of a file, a link, a folder or a submodule, in git's one spelling |
| git-tree-empty | a folder without anything in it, which no snapshot can hold |
| git-object-differs | an object that is not the one that was asked for |
| git-submodule-sha256 | a submodule in a SHA-256 repository: the names by which snapshots are compared have no place for it |
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from transparency.proofs.escaping import escape_path
from transparency.proofs.sources.archive import PIECE_BYTES, WHOLE_BYTES, ArchiveError, Member
from transparency.proofs.sources.gitobject import DIGITS, ObjectFormat, object_name
from transparency.proofs.sources.paths import MAX_DEPTH, MAX_PATH_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_TREE_BYTES = 64 * 1024 * 1024
# What is asked for ahead: both ends of a pipe hold it, so nobody waits for the other.
AHEAD = 512
_FOLDER, _LINK, _SUBMODULE = b"40000", b"120000", b"160000"
_MODES = frozenset({_FOLDER, b"100644", b"100755", _LINK, _SUBMODULE})


class ObjectSource(Protocol):
    """Objects in the order in which they were asked for: `head` gives kind and size, `read` the next bytes, `end` closes one."""

    def ask(self, names: Sequence[str]) -> None: ...

    def head(self, name: str) -> tuple[str, int]: ...

    def read(self, count: int) -> bytes: ...

    def end(self) -> None: ...


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry; `name` is a path component, `identity` the object's name in hex."""

    mode: bytes
    name: bytes
    identity: str


def parse_tree(body: bytes, object_format: ObjectFormat) -> list[TreeEntry]:
    """The entries of a tree object (`git-tree-malformed`, `git-tree-mode`)."""
    width, place, found = DIGITS[object_format] // 2, 0, []
    before = b""
    while place < len(body):
        space, end = body.find(b" ", place, place + 8), body.find(b"\0", place)
        if not place < space < end or end + 1 + width > len(body):
            raise ArchiveError("git-tree-malformed", expected="mode, name, object", found=f"others at byte {place}")
        entry = TreeEntry(body[place:space], body[space + 1 : end], body[end + 1 : end + 1 + width].hex())
        if entry.mode not in _MODES:
            raise ArchiveError(
                "git-tree-mode",
                subject=escape_path(entry.name[:MAX_PATH_BYTES]),
                expected=b" ".join(sorted(_MODES)).decode(),
                found=ascii(entry.mode)[2:-1],
            )
        key = entry.name + (b"/" if entry.mode == _FOLDER else b"")
        if not entry.name or b"/" in entry.name or key <= before:
            raise ArchiveError("git-tree-malformed", expected="sorted names, each once", found=ascii(entry.name[:80]))
        before = key
        found.append(entry)
        place = end + 1 + width
    return found


class GitTreeSource:
    """A MemberSource: every file below a tree, folder by folder. `size` is that of the pack that the objects come from."""

    def __init__(self, objects: ObjectSource, tree: str, object_format: ObjectFormat, *, size: int) -> None:
        self._objects, self._tree, self._format, self._size = objects, tree, object_format, size

    def __iter__(self) -> Iterator[Member]:
        return self._below(b"", self._tree, 0)

    @property
    def consumed(self) -> int:
        return self._size

    @property
    def flags(self) -> tuple[tuple[str, str], ...]:
        return ()

    def finish(self) -> None:
        """Nothing can stand after a tree."""

    def _below(self, folder: bytes, tree: str, depth: int) -> Iterator[Member]:
        if depth > MAX_DEPTH:
            raise ArchiveError("path-deep", subject=escape_path(folder[:MAX_PATH_BYTES]), found=f"{depth} folders")
        self._objects.ask([tree])
        entries = parse_tree(self._whole(tree, "tree", MAX_TREE_BYTES, folder), self._format)
        if folder and not entries:
            raise ArchiveError("git-tree-empty", subject=escape_path(folder), expected="files in it", found="none")
        files = [entry for entry in entries if entry.mode not in {_FOLDER, _SUBMODULE}]
        for start in range(0, len(files), AHEAD):
            some = files[start : start + AHEAD]
            self._objects.ask([entry.identity for entry in some])
            for entry in some:
                yield from self._file(folder + entry.name, entry)
        for entry in entries:
            if entry.mode == _SUBMODULE:
                yield self._submodule(folder + entry.name, entry)
            elif entry.mode == _FOLDER:
                yield from self._below(folder + entry.name + b"/", entry.identity, depth + 1)

    def _submodule(self, path: bytes, entry: TreeEntry) -> Member:
        if self._format != "sha1":
            raise ArchiveError(
                "git-submodule-sha256", subject=escape_path(path), expected="no submodule", found=entry.identity
            )
        return Member("submodule", path, executable=False, size=0, target=bytes.fromhex(entry.identity))

    def _file(self, path: bytes, entry: TreeEntry) -> Iterator[Member]:
        if entry.mode == _LINK:
            target = self._whole(entry.identity, "blob", WHOLE_BYTES, path)
            yield Member("symlink", path, executable=False, size=0, target=target)
            return
        size = self._head(entry.identity, "blob", path)
        executable = entry.mode == b"100755"
        if size <= WHOLE_BYTES:
            yield Member("file", path, executable=executable, size=size, data=self._content(entry.identity, size, path))
        else:
            pieces = self._pieces(entry.identity, size, path)
            yield Member("file", path, executable=executable, size=size, data=None, pieces=pieces)
            for _ in pieces:  # whoever took the member has used them up
                raise AssertionError("a member that was not read to its end")

    def _head(self, name: str, kind: str, path: bytes) -> int:
        found, size = self._objects.head(name)
        if found != kind:
            raise ArchiveError("git-object-differs", subject=escape_path(path), expected=kind, found=found)
        return size

    def _whole(self, name: str, kind: str, limit: int, path: bytes) -> bytes:
        size = self._head(name, kind, path)
        if size > limit:
            raise ArchiveError(
                "limit-member", subject=escape_path(path), expected=f"at most {limit} bytes", found=str(size)
            )
        return self._content(name, size, path, kind)

    def _content(self, name: str, size: int, path: bytes, kind: str = "blob") -> bytes:
        data = self._objects.read(size)
        self._objects.end()
        self._compare(name, object_name(self._format, kind, data), path)
        return data

    def _pieces(self, name: str, size: int, path: bytes) -> Iterator[bytes]:
        hasher = hashlib.new(self._format, b"blob %d\0" % size, usedforsecurity=False)
        left = size
        while left:
            piece = self._objects.read(min(PIECE_BYTES, left))
            hasher.update(piece)
            left -= len(piece)
            yield piece
        self._objects.end()
        self._compare(name, hasher.hexdigest(), path)

    def _compare(self, name: str, found: str, path: bytes) -> None:
        if found != name:
            raise ArchiveError("git-object-differs", subject=escape_path(path), expected=name, found=found)
