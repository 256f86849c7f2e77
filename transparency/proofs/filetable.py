"""The file table: one immutable, memory-mappable object per snapshot with a row for each file, sorted by raw path.

Little endian. A header of 64 bytes (magic padded to 32, then as u64: count, bytes of the path heap, bytes of the language heap, 0), then
columns: path offsets u64[n+1], size u64[n], lines u64[n], sha256 32n, sha1 20n, mode u32[n], flags u8[n] (1: not text), language u16[n],
path heap, language heap (names separated by LF; the first is empty).
"""

from __future__ import annotations

import io
import struct
import sys
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator, Sequence

MAGIC = b"transparency-filetable/v1\n"
_HEADER = struct.Struct("<32sQQQQ")
_BINARY = 1
_WIDTHS = (8, 8, 32, 20, 4, 1, 2)  # size, lines, sha256, sha1, mode, flags, language
# '/' + 1: the first byte string that sorts after everything in a folder begins with it.
_AFTER_SLASH = b"0"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file. `mode` as git writes it (0o100644 …); `lines` is 0 where `binary`; `language` is "" where unknown."""

    path: bytes
    mode: int
    sha256: Digest
    sha1: bytes
    size: int
    lines: int
    binary: bool
    language: str


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """A direct subfolder with the totals of everything below it."""

    path: bytes
    files: int
    size: int
    lines: int


@dataclass(frozen=True, slots=True)
class Listing:
    """Direct children of a folder, each sorted by path."""

    folders: tuple[FolderEntry, ...]
    files: tuple[FileEntry, ...]


def format_file_table(entries: Sequence[FileEntry]) -> bytes:
    """The object's bytes; entries sorted by path, each path once."""
    languages = [""]
    index = {"": 0}
    for entry in entries:
        if entry.language not in index:
            index[entry.language] = len(languages)
            languages.append(entry.language)
    offsets, place = [0], 0
    for entry in entries:
        place += len(entry.path)
        offsets.append(place)
    count = len(entries)
    language_heap = "\n".join(languages).encode()
    table = io.BytesIO()  # column by column: only one of them is there twice
    table.write(_HEADER.pack(MAGIC.ljust(32, b"\0"), count, place, len(language_heap), 0))
    table.write(struct.pack(f"<{count + 1}Q", *offsets))
    del offsets
    table.write(struct.pack(f"<{count}Q", *(entry.size for entry in entries)))
    table.write(struct.pack(f"<{count}Q", *(entry.lines for entry in entries)))
    table.writelines(entry.sha256.raw for entry in entries)
    table.writelines(entry.sha1 for entry in entries)
    table.write(struct.pack(f"<{count}I", *(entry.mode for entry in entries)))
    table.write(bytes(_BINARY if entry.binary else 0 for entry in entries))
    table.write(struct.pack(f"<{count}H", *(index[entry.language] for entry in entries)))
    table.writelines(entry.path for entry in entries)
    table.write(language_heap)
    return table.getvalue()


class FileTable:
    """Reads a file table in place; nothing is copied but what is asked for."""

    def __init__(self, buffer: bytes | mmap.mmap) -> None:
        """Refuse what is not a whole table (`filetable-malformed`)."""
        if sys.byteorder != "little":
            raise AssertionError("file tables are read on little endian machines")
        view = memoryview(buffer)
        if len(view) < _HEADER.size:
            raise EvidenceError("filetable-malformed", expected="a header", found=f"{len(view)} bytes")
        magic, count, paths, languages, reserved = _HEADER.unpack(view[: _HEADER.size])
        self._count: int = count
        widths = [8 * (self._count + 1), *(width * self._count for width in _WIDTHS), paths, languages]
        if magic.rstrip(b"\0") != MAGIC or reserved or len(view) != _HEADER.size + sum(widths):
            raise EvidenceError(
                "filetable-malformed", expected=f"{_HEADER.size + sum(widths)} bytes", found=f"{len(view)} bytes"
            )
        parts, place = [], _HEADER.size
        for width in widths:
            parts.append(view[place : place + width])
            place += width
        self._offsets, self._sizes, self._lines = (part.cast("Q") for part in parts[:3])
        self._sha256, self._sha1 = parts[3], parts[4]
        self._modes, self._flags, self._languages = parts[5].cast("I"), parts[6], parts[7].cast("H")
        self._paths = parts[8]
        self._names = bytes(parts[9]).decode("utf-8", "replace").split("\n")
        if self._offsets[0] != 0 or self._offsets[count] != paths:
            raise EvidenceError("filetable-malformed", expected=f"offsets of {paths} bytes", found="others")

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[FileEntry]:
        return (self.entry(position) for position in range(self._count))

    def path(self, position: int) -> bytes:
        """Raw path of a row."""
        return bytes(self._paths[self._offsets[position] : self._offsets[position + 1]])

    def entry(self, position: int) -> FileEntry:
        """One row, by position in path order (`filetable-malformed` for a language that the table does not name)."""
        if self._languages[position] >= len(self._names):
            raise EvidenceError(
                "filetable-malformed",
                expected=f"one of {len(self._names)} languages",
                found=str(self._languages[position]),
            )
        return FileEntry(
            path=self.path(position),
            mode=self._modes[position],
            sha256=Digest(bytes(self._sha256[32 * position : 32 * position + 32])),
            sha1=bytes(self._sha1[20 * position : 20 * position + 20]),
            size=self._sizes[position],
            lines=self._lines[position],
            binary=bool(self._flags[position] & _BINARY),
            language=self._names[self._languages[position]],
        )

    def paths(self, start: int, end: int, *, after: int = 0) -> list[bytes]:
        """Raw paths of rows `start` to `end` (excluded), each without its first `after` bytes."""
        heap, offsets = bytes(self._paths), self._offsets[start : end + 1].tolist()
        return [heap[first + after : last] for first, last in pairwise(offsets)]

    def contents(self, start: int, end: int) -> list[bytes]:
        """SHA-256 of rows `start` to `end` (excluded), raw."""
        column = bytes(self._sha256[32 * start : 32 * end])
        return [column[place : place + 32] for place in range(0, len(column), 32)]

    def modes(self, start: int, end: int) -> list[int]:
        """Modes of rows `start` to `end` (excluded)."""
        return self._modes[start:end].tolist()

    def find(self, path: bytes) -> FileEntry | None:
        """The file of exactly this path, or None when there is no such file."""
        position = self.position(path)
        return self.entry(position) if position < self._count and self.path(position) == path else None

    def position(self, path: bytes) -> int:
        """Where `path` stands or would stand."""
        return bisect_left(range(self._count), path, key=self.path)

    def ending(self, name: bytes, *, limit: int, tries: int = 2000) -> list[FileEntry]:
        """Files whose path is `name` or ends with whole components of it, at most `limit`; gives up after `tries` places."""
        exact = self.find(name)
        found = [exact] if exact else []
        heap, place = bytes(self._paths), 0
        for _ in range(tries):
            place = heap.find(b"/" + name, place)
            if place < 0 or len(found) >= limit:
                break
            position = bisect_right(self._offsets, place) - 1
            if place + len(name) + 1 == self._offsets[position + 1] and place > self._offsets[position]:
                found.append(self.entry(position))
            place += 1
        return found[:limit]

    def with_content(self, digest: bytes, *, limit: int) -> list[FileEntry]:
        """Files of this content, by SHA-256 or by git's SHA-1, at most `limit`."""
        width = len(digest)
        column = bytes(self._sha256 if width == 32 else self._sha1)  # noqa: PLR2004 - bytes of SHA-256
        found: list[FileEntry] = []
        place = column.find(digest)
        while place >= 0 and len(found) < limit:
            if place % width == 0:
                found.append(self.entry(place // width))
            place = column.find(digest, place + 1)
        return found

    def span(self, folder: bytes) -> tuple[int, int]:
        """First and one past the last row below `folder` (b"" for all)."""
        if not folder:
            return 0, self._count
        return self.position(folder + b"/"), self.position(folder + _AFTER_SLASH)

    def below(self, folder: bytes) -> Iterator[FileEntry]:
        """Every file below a folder, in path order."""
        return (self.entry(position) for position in range(*self.span(folder)))

    def totals(self, folder: bytes) -> FolderEntry:
        """Files, bytes and lines below a folder."""
        return self._totals(folder, *self.span(folder))

    def listing(self, folder: bytes) -> Listing:
        """Direct children; subfolders are stepped over, not walked."""
        position, end = self.span(folder)
        prefix = len(folder) + 1 if folder else 0
        folders, files = [], []
        while position < end:
            path = self.path(position)
            slash = path.find(b"/", prefix)
            if slash < 0:
                files.append(self.entry(position))
                position += 1
                continue
            after = self.position(path[:slash] + _AFTER_SLASH)
            folders.append(self._totals(path[:slash], position, after))
            position = after
        # Files below `a.b` stand before those below `a`.
        folders.sort(key=lambda folder: folder.path)
        return Listing(tuple(folders), tuple(files))

    def _totals(self, folder: bytes, start: int, end: int) -> FolderEntry:
        return FolderEntry(folder, end - start, sum(self._sizes[start:end]), sum(self._lines[start:end]))
