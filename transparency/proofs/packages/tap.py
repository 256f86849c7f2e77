"""Keeps the metadata files of a package aside while its members go by on their way into a snapshot; bounded, and nothing else is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.proofs.packages.declared import MAX_METADATA_BYTES
from transparency.proofs.packages.gomodule import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transparency.proofs.sources.archive import Member
    from transparency.proofs.sources.membersource import MemberSource

METADATA_NAMES = frozenset({b"PKG-INFO", b"package.json", b"Cargo.toml", b"Cargo.toml.orig"})
GO_MOD = b"go.mod"
# One below the top folder of each name is all that a package has; an archive of many top folders is none.
MAX_KEPT = 8


class MetadataTap:
    """A MemberSource in front of another. `kept`: contents by path in the archive, None where they are too large to be looked into."""

    def __init__(self, source: MemberSource) -> None:
        self._source = source
        self._prefix: bytes | None = None
        self.kept: dict[bytes, bytes | None] = {}

    @property
    def module_prefix(self) -> bytes:
        """`module@version/` where every file lies below it, else empty."""
        return self._prefix or b""

    def __iter__(self) -> Iterator[Member]:
        for member in self._source:
            if member.kind != "folder":
                self._note(member)
            yield member

    def _note(self, member: Member) -> None:
        path = member.path.removeprefix(b"./")
        if self._prefix is None:
            match = PREFIX.match(path)
            self._prefix = match[0] if match else b""
        elif self._prefix and not path.startswith(self._prefix):
            self._prefix = b""
        folder, _, name = path.rpartition(b"/")
        of_top = name in METADATA_NAMES and folder != b"" and b"/" not in folder
        wanted = of_top or (name == GO_MOD and folder + b"/" == self._prefix)
        if wanted and member.kind == "file" and len(self.kept) < MAX_KEPT:
            self.kept[path] = member.data if member.size <= MAX_METADATA_BYTES else None

    @property
    def consumed(self) -> int:
        return self._source.consumed

    @property
    def flags(self) -> tuple[tuple[str, str], ...]:
        return self._source.flags

    def finish(self) -> None:
        self._source.finish()
