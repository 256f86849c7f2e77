"""A streaming reader of cpio's new ASCII format (cpio(5), "New ASCII Format"), as RPM payloads hold it.

| rule | when |
|---|---|
| cpio-header | another magic, digits that are none, a size that no file has, a checksum that is not the content's |
| cpio-truncated, cpio-trailing | data or the end member are missing; something but zeros after it |
| unsupported-member | devices, sockets, FIFOs; hard links, which this format spreads over several members |
"""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING

from transparency.proofs.escaping import escape_path
from transparency.proofs.sources.archive import PIECE_BYTES, SHOWN_BYTES, WHOLE_BYTES, ArchiveError, Member

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transparency.proofs.sources.archive import Stream

_HEADER = 110
_MAGIC, _MAGIC_SUMMED = b"070701", b"070702"
_HEX = re.compile(rb"[0-9A-Fa-f]{104}\Z")
# One byte more than the path policy takes, and the zero at its end.
MAX_NAME = 4096 + 2
MAX_TARGET = 4096 + 1
_END = b"TRAILER!!!"


class CpioReader:
    """Iterates the members of a cpio stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[Member]:
        while True:
            mode, links, size, check, name = self._header()
            if name == _END:
                self._finish(size)
                return
            member = self._member(name, mode, links, size, check)
            yield member
            if member.pieces is not None and next(member.pieces, None) is not None:
                raise AssertionError("a member's pieces were not used up")
            self._read(-size % 4)

    def _header(self) -> tuple[int, int, int, int | None, bytes]:
        head = self._read(_HEADER)
        magic = head[:6]
        if magic not in {_MAGIC, _MAGIC_SUMMED} or not _HEX.match(head[6:]):
            raise ArchiveError("cpio-header", expected="a header of the new ASCII format", found=repr(head[:20]))
        numbers = [int(head[place : place + 8], 16) for place in range(6, _HEADER, 8)]
        mode, links, size, length, check = numbers[1], numbers[4], numbers[6], numbers[11], numbers[12]
        if not 2 <= length <= MAX_NAME:  # noqa: PLR2004 - a character and the zero at the end
            raise ArchiveError("cpio-header", expected=f"a name of at most {MAX_NAME} bytes", found=str(length))
        name = self._read(length)
        self._read(-(_HEADER + length) % 4)
        if not name.endswith(b"\0") or b"\0" in name[:-1]:
            raise ArchiveError("cpio-header", expected="a name that one zero ends", found=repr(name[:40]))
        return mode, links, size, check if magic == _MAGIC_SUMMED else None, name[:-1]

    def _member(self, name: bytes, mode: int, links: int, size: int, check: int | None) -> Member:
        shown = escape_path(name[:SHOWN_BYTES])
        if stat.S_ISDIR(mode) and not size:
            return Member("folder", name, False, 0)  # noqa: FBT003 - a field
        if stat.S_ISLNK(mode):
            if size > MAX_TARGET:
                raise ArchiveError("cpio-header", subject=shown, expected="a target as long as a path", found=str(size))
            return Member("symlink", name, False, 0, self._read(size))  # noqa: FBT003 - a field
        if not stat.S_ISREG(mode) or links > 1:
            found = f"mode {mode:o}, {links} links"
            raise ArchiveError("unsupported-member", subject=shown, expected="files, folders and links", found=found)
        executable = bool(mode & 0o100)
        if size <= WHOLE_BYTES:
            data = self._read(size)
            if check is not None and sum(data) & 0xFFFFFFFF != check:
                raise ArchiveError("cpio-header", subject=shown, expected=f"the checksum {check}", found="another")
            return Member("file", name, executable, size, data=data)
        return Member("file", name, executable, size, data=None, pieces=self._pieces(shown, size, check))

    def _pieces(self, shown: str, left: int, check: int | None) -> Iterator[bytes]:
        total = 0
        while left:
            piece = self._read(min(left, PIECE_BYTES))
            left -= len(piece)
            total += sum(piece) if check is not None else 0
            yield piece
        if check is not None and total & 0xFFFFFFFF != check:
            raise ArchiveError("cpio-header", subject=shown, expected=f"the checksum {check}", found="another")

    def _finish(self, size: int) -> None:
        if size:
            raise ArchiveError("cpio-header", expected="an end member without content", found=f"{size} bytes")
        while rest := self._stream.read(PIECE_BYTES):
            if rest.count(0) != len(rest):
                raise ArchiveError("cpio-trailing", expected="zeros after the end", found="other bytes")

    def _read(self, count: int) -> bytes:
        data = self._stream.read(count) if count else b""
        if len(data) != count:
            raise ArchiveError("cpio-truncated", expected=f"{count} bytes", found=f"{len(data)} bytes")
        return data
