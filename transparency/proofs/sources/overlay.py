"""Several archives as one tree, as dpkg-source unpacks them: upstream, its components, what the distribution adds, and its patches.

1. The upstream archive without its top folder. Where `debian/` comes from elsewhere, its own is left out; so is what a component replaces.
2. Each component below its folder, without its top folder.
3. The members of the debian archive; all of them lie below `debian/`.
4. With patches: the files that they touch are held back, patched in the order of the series, and come last.

Everything lies in one folder of our own, which the intake strips again. `debian/rules` is executable, as dpkg-source makes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError
from transparency.proofs.escaping import escape_path
from transparency.proofs.sources.archive import ArchiveError, Member
from transparency.proofs.sources.patches import parse_patch, parse_series, target, touched
from transparency.proofs.sources.patching import apply_patch
from transparency.proofs.sources.paths import normal_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from transparency.proofs.sources.membersource import MemberSource
    from transparency.proofs.sources.patches import FilePatch

TOP = b"source/"
RULES = b"debian/rules"
SERIES = b"debian/patches/series"
PATCHES = b"debian/patches/"
# What the series touches is held in memory.
MAX_HELD_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Layer:
    """An archive of the tree: its members, the top folder to drop, the folder to put them in, and folders of it that are left out."""

    source: MemberSource
    prefix: bytes = b""
    folder: bytes = b""
    without: tuple[bytes, ...] = ()
    only: bytes = b""


@dataclass(slots=True)
class OverlaySource:
    """The members of all layers, patched; a `MemberSource`. `patches` are (name, patch of one file) in the order of the series."""

    layers: Sequence[Layer]
    patches: Sequence[tuple[str, FilePatch]] = ()
    _done: int = 0
    _flags: list[tuple[str, str]] = field(default_factory=list)
    _held: dict[bytes, Member | None] = field(default_factory=dict)
    _held_bytes: int = 0

    def __iter__(self) -> Iterator[Member]:
        yield Member("folder", TOP, False, 0)  # noqa: FBT003 - a field
        held = frozenset(path for _, patch in self.patches for path in touched(patch))
        for layer in self.layers:
            for member in layer.source:
                placed = _placed(layer, member)
                if placed is None:
                    continue
                if placed.kind == "hardlink" and normal_path(placed.target, folder=False) in held:
                    placed = self._unlinked(placed)
                path = normal_path(placed.path, folder=placed.kind == "folder")
                if path in held and placed.kind != "folder":
                    self._hold(path, placed)
                    continue
                yield _in_top(placed)
            layer.source.finish()
            self._flags += layer.source.flags
            self._done += 1
        for path, member in sorted(self._patched(held).items()):
            yield _in_top(replace(member, path=path))

    @property
    def consumed(self) -> int:
        return sum(layer.source.consumed for layer in self.layers)

    @property
    def flags(self) -> tuple[tuple[str, str], ...]:
        return tuple(self._flags)

    def finish(self) -> None:
        """Each layer was finished when its last member came."""

    def _hold(self, path: bytes, member: Member) -> None:
        if member.kind != "file":
            raise ArchiveError(
                "patch-target", subject=escape_path(path), expected="a file to patch", found=f"a {member.kind}"
            )
        data = member.data if member.data is not None else b"".join(self._bounded(member))
        self._held_bytes += len(data)
        self._check_held(path)
        self._held[path] = replace(member, data=data, pieces=None)

    def _bounded(self, member: Member) -> Iterator[bytes]:
        if member.size > MAX_HELD_BYTES:
            self._held_bytes = member.size
            self._check_held(member.path)
        yield from member.pieces or ()

    def _check_held(self, path: bytes) -> None:
        if self._held_bytes > MAX_HELD_BYTES:
            raise ArchiveError(
                "patch-target",
                subject=escape_path(path),
                expected=f"at most {MAX_HELD_BYTES} bytes to patch",
                found="more",
            )

    def _unlinked(self, member: Member) -> Member:
        """A hard link to a file that is held back: a file with what it had before the patches."""
        held = self._held.get(normal_path(member.target, folder=False))
        return member if held is None else replace(held, path=member.path)

    def _patched(self, held: frozenset[bytes]) -> Mapping[bytes, Member]:
        contents = {path: member.data for path in held if (member := self._held.get(path)) is not None}
        modes = {path: member.executable for path, member in self._held.items() if member is not None}
        for name, patch in self.patches:
            path = target(patch)
            source = patch.old if patch.moves and patch.old else path
            try:
                changed = apply_patch(contents.get(source), patch, name=name, there=source != path and path in contents)
            except EvidenceError as error:
                subject = escape_path(error.subject.encode())
                raise ArchiveError(error.code, subject=subject, expected=error.expected, found=error.found) from error
            if source != path:
                contents.pop(source, None)
                modes[path] = modes.pop(source, False)
            if changed is None:
                contents.pop(path, None)
                modes.pop(path, None)
            else:
                contents[path] = changed
                modes |= {path: patch.executable} if patch.executable is not None else {}
        return {
            path: Member("file", path, modes.get(path, False) or path == RULES, len(data or b""), data=data or b"")
            for path, data in contents.items()
        }


def read_series(members: Mapping[bytes, bytes]) -> list[tuple[str, FilePatch]]:
    """The patches of a debian archive's small files, in order (`patch-…`; `patch-missing` for one that is named and not there)."""
    found = []
    for name in parse_series(members.get(SERIES, b"")):
        path = PATCHES + name.encode()
        if path not in members:
            raise EvidenceError("patch-missing", subject=name, expected="a file of this name", found="none")
        found += [(name, patch) for patch in parse_patch(members[path], name=name)]
    return found


def _placed(layer: Layer, member: Member) -> Member | None:
    """The member where it belongs in the tree; None for one that is left out."""
    path = _below(layer.prefix, normal_path(member.path, folder=member.kind == "folder"))
    if not path or any(path == name or path.startswith(name + b"/") for name in layer.without):
        _use_up(member)
        return None
    if layer.only and path != layer.only and not path.startswith(layer.only + b"/"):
        raise ArchiveError(
            "debian-member",
            subject=escape_path(path[:200]),
            expected=f"members below {layer.only.decode()}/",
            found="another",
        )
    folder = layer.folder + b"/" if layer.folder else b""
    link = member.target
    if member.kind == "hardlink":
        link = folder + _below(layer.prefix, normal_path(member.target, folder=False))
    executable = member.executable or (member.kind == "file" and folder + path == RULES)
    return replace(member, path=folder + path, target=link, executable=executable)


def _below(prefix: bytes, path: bytes) -> bytes:
    if not prefix:
        return path
    return path[len(prefix) + 1 :] if path.startswith(prefix + b"/") else b""


def _use_up(member: Member) -> None:
    for _ in member.pieces or ():
        pass


def _in_top(member: Member) -> Member:
    slash = b"/" if member.kind == "folder" else b""
    link = TOP + member.target if member.kind == "hardlink" else member.target
    return replace(member, path=TOP + member.path + slash, target=link)
