"""A zip reader of our own (PKWARE APPNOTE 6.3.10): the central directory and every local header must say the same.

Readers differ in which of the two they believe, so what the two dispute is refused (EDGES, Zip names). Members come in the order of
their places in the file and are never extracted; names are the stored bytes, whatever the UTF-8 flag says.

| rule | when |
|---|---|
| zip-end | no end record, several that could be it, several disks, or it disagrees with its Zip64 record |
| zip-directory | the central directory is not where and what the end record says, or is too large |
| zip-header | a header without its signature, malformed or contradicting extra fields, flags that mean something else |
| zip-local-differs | a local header or data descriptor that says something else than the central directory |
| zip-overlap, zip-gap | entries that share bytes; bytes other than zero before, between or after entries |
| zip-encrypted, zip-method | encryption; a method other than stored and deflate |
| zip-size, zip-crc, zip-deflate | content that is longer, shorter or other than stated; a damaged deflate stream |
| unsupported-member | devices and the like; an entry whose name and type disagree on being a folder |

Harmless and ignored: comments, times, and extra fields that change no name, no size and no content.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, Protocol

from transparency.proofs.escaping import escape_path
from transparency.proofs.sources.archive import PIECE_BYTES, SHOWN_BYTES, WHOLE_BYTES, ArchiveError, Member

if TYPE_CHECKING:
    from collections.abc import Iterator

# A million entries with names of a hundred bytes and some extra fields.
MAX_DIRECTORY_BYTES = 256 * 1024 * 1024
MAX_COMMENT_BYTES = 0xFFFF
MAX_TARGET_BYTES = 4096
_END, _END_SIGNATURE = struct.Struct("<4s4H2LH"), b"PK\x05\x06"
_LOCATOR, _LOCATOR_SIGNATURE = struct.Struct("<4sLQL"), b"PK\x06\x07"
_END64, _END64_SIGNATURE = struct.Struct("<4sQ2H2L4Q"), b"PK\x06\x06"
_CENTRAL, _CENTRAL_SIGNATURE = struct.Struct("<4s6H3L5H2L"), b"PK\x01\x02"
_LOCAL, _LOCAL_SIGNATURE = struct.Struct("<4s5H3L2H"), b"PK\x03\x04"
_DESCRIPTOR_SIGNATURE = b"PK\x07\x08"
_STORED, _DEFLATE = 0, 8
_ENCRYPTED, _DESCRIPTOR = 0x2041, 0x0008
_KNOWN_FLAGS = 0x080E | _ENCRYPTED
_ZIP64, _UNICODE_PATH = 0x0001, 0x7075
_UNIX = 3
_KINDS = {0: "", 0o100000: "file", 0o040000: "folder", 0o120000: "symlink"}
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF


class RandomAccess(Protocol):
    """A file that can be read anywhere: `read_at` gives fewer bytes only at the end."""

    @property
    def size(self) -> int: ...

    def read_at(self, offset: int, count: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry as the central directory has it."""

    name: bytes
    unix_mode: int
    flags: int
    method: int
    stamp: int
    crc: int
    packed: int
    size: int
    offset: int


class ZipReader:
    """Iterates the members of a zip file of at most `members` entries (`limit-members`); `consumed` is how far in it is."""

    flags: tuple[tuple[str, str], ...] = ()

    def __init__(self, source: RandomAccess, *, members: int) -> None:
        self._source = source
        self._members = members
        self.consumed = 0

    def finish(self) -> None:
        """Everything of the file was looked at when the last member was read."""

    def __iter__(self) -> Iterator[Member]:
        start, entries = self._directory()
        entries.sort(key=lambda entry: entry.offset)
        place = 0
        for entry in entries:
            if entry.offset < place:
                _refuse("zip-overlap", entry, f"an entry at {place} or later", f"at {entry.offset}")
            self._skip(place, entry.offset)
            begin, end = self._check_local(entry, start)
            yield from self._member(entry, begin)
            self.consumed = place = end
        self._skip(place, start)
        self.consumed = self._source.size

    def _directory(self) -> tuple[int, list[_Entry]]:
        """Where the central directory begins, and its entries."""
        count, size, offset, end = self._find_end()
        if offset + size != end or size > MAX_DIRECTORY_BYTES:
            raise ArchiveError(
                "zip-directory", expected=f"{size} bytes of directory up to {end}", found=f"a directory at {offset}"
            )
        if count > self._members:
            raise ArchiveError("limit-members", expected=f"at most {self._members} members", found=str(count))
        data, place, entries = self._source.read_at(offset, size), 0, []
        while place < len(data):
            entry, place = _parse_central(data, place)
            entries.append(entry)
        if len(entries) != count:
            raise ArchiveError("zip-directory", expected=f"{count} entries", found=str(len(entries)))
        return offset, entries

    def _find_end(self) -> tuple[int, int, int, int]:
        """Entries, size and offset of the central directory, and where it must end."""
        tail_size = min(self._source.size, _END.size + MAX_COMMENT_BYTES)
        first = self._source.size - tail_size
        tail = self._source.read_at(first, tail_size)
        places, place = [], tail.find(_END_SIGNATURE)
        while place >= 0:
            if place + _END.size <= len(tail) and place + _END.size + _END.unpack_from(tail, place)[-1] == len(tail):
                places.append(place)
            place = tail.find(_END_SIGNATURE, place + 1)
        if len(places) != 1:
            raise ArchiveError("zip-end", expected="one end record at the end of the file", found=str(len(places)))
        _, disk, start_disk, here, count, size, offset, _ = _END.unpack_from(tail, places[0])
        if disk or start_disk or here != count:
            raise ArchiveError("zip-end", expected="one disk", found=f"disk {disk} of several")
        end = first + places[0]
        wide = self._find_end64(end)
        if wide is None:
            if count == _FULL_16 or _FULL_32 in {size, offset}:
                raise ArchiveError("zip-end", expected="a Zip64 record for full fields", found="none")
            return count, size, offset, end
        for narrow, full, value in zip((count, size, offset), (_FULL_16, _FULL_32, _FULL_32), wide, strict=False):
            if narrow not in {full, value}:
                raise ArchiveError("zip-end", expected=f"{value} as in the Zip64 record", found=str(narrow))
        return wide

    def _find_end64(self, end: int) -> tuple[int, int, int, int] | None:
        place = end - _LOCATOR.size
        locator = self._source.read_at(place, _LOCATOR.size) if place >= 0 else b""
        if not locator.startswith(_LOCATOR_SIGNATURE):
            return None
        _, disk, offset, disks = _LOCATOR.unpack(locator)
        record = self._source.read_at(offset, _END64.size) if offset + _END64.size == place else b""
        if len(record) != _END64.size or not record.startswith(_END64_SIGNATURE) or disk or disks > 1:
            raise ArchiveError("zip-end", expected="a Zip64 record just before its locator", found="none")
        _, length, _, _, disk, start_disk, here, count, size, start = _END64.unpack(record)
        if length != _END64.size - 12 or disk or start_disk or here != count:
            raise ArchiveError("zip-end", expected="a Zip64 record of one disk", found=f"{length} bytes")
        return count, size, start, offset

    def _skip(self, place: int, end: int) -> None:
        """Between entries there is nothing, or zeros."""
        while place < end:
            data = self._source.read_at(place, min(PIECE_BYTES, end - place))
            if not data or data.count(0) != len(data):
                raise ArchiveError(
                    "zip-gap", expected="zeros or nothing outside of entries", found=f"others at {place}"
                )
            place += len(data)

    def _check_local(self, entry: _Entry, limit: int) -> tuple[int, int]:
        """Where the entry's data begins and where the entry ends, descriptor included."""
        header = self._source.read_at(entry.offset, _LOCAL.size)
        if len(header) != _LOCAL.size or not header.startswith(_LOCAL_SIGNATURE):
            _refuse("zip-header", entry, f"a local header at {entry.offset}", "none")
        _, _, flags, method, clock, date, crc, packed, size, name_size, extra_size = _LOCAL.unpack(header)
        rest = self._source.read_at(entry.offset + _LOCAL.size, name_size + extra_size)
        name, extra = rest[:name_size], _extra_fields(entry.name, rest[name_size:], name_size + extra_size - len(rest))
        _check_unicode_path(name, extra)
        size, packed, _ = _widen(entry.name, extra, size, packed, 0)
        if entry.flags & _DESCRIPTOR and (crc, packed, size) == (0, 0, 0):
            crc, packed, size = entry.crc, entry.packed, entry.size
        found = (name, flags, method, clock | date << 16, crc, packed, size)
        stated = (entry.name, entry.flags, entry.method, entry.stamp, entry.crc, entry.packed, entry.size)
        for what, one, other in zip(
            ("name", "flags", "method", "time", "CRC", "packed size", "size"), stated, found, strict=True
        ):
            if one != other:
                _refuse("zip-local-differs", entry, f"{what} {one!r} as in the directory", f"{other!r}"[:200])
        begin = entry.offset + _LOCAL.size + name_size + extra_size
        end = self._after_descriptor(entry, begin + entry.packed)
        if end > limit:
            _refuse("zip-overlap", entry, f"an end before the directory at {limit}", str(end))
        return begin, end

    def _after_descriptor(self, entry: _Entry, place: int) -> int:
        if not entry.flags & _DESCRIPTOR:
            return place
        data = self._source.read_at(place, 24)
        for signature in (_DESCRIPTOR_SIGNATURE, b""):
            for sizes in ("<L2L", "<L2Q"):
                try:
                    stated = signature + struct.pack(sizes, entry.crc, entry.packed, entry.size)
                except struct.error:  # too large for the narrow form
                    continue
                if data.startswith(stated):
                    return place + len(stated)
        return _refuse("zip-local-differs", entry, "a data descriptor as in the directory", data[:16].hex())

    def _member(self, entry: _Entry, begin: int) -> Iterator[Member]:
        kind = _kind(entry)
        if kind == "folder":
            if entry.size or entry.packed > 2:  # noqa: PLR2004 - an empty deflate stream
                _refuse("zip-size", entry, "0 for a folder", str(entry.size))
            yield Member("folder", entry.name, False, 0)  # noqa: FBT003 - a field
            return
        executable = bool(entry.unix_mode & 0o100)
        pieces = self._pieces(entry, begin)
        if kind == "symlink":
            if entry.size > MAX_TARGET_BYTES:
                _refuse("zip-size", entry, f"a target of at most {MAX_TARGET_BYTES} bytes", str(entry.size))
            yield Member("symlink", entry.name, executable, 0, target=b"".join(pieces))
        elif entry.size <= WHOLE_BYTES:
            yield Member("file", entry.name, executable, entry.size, data=b"".join(pieces))
        else:
            member = Member("file", entry.name, executable, entry.size, data=None, pieces=pieces)
            yield member
            if next(pieces, None) is not None:
                raise AssertionError("a member's pieces were not used up")

    def _pieces(self, entry: _Entry, begin: int) -> Iterator[bytes]:
        """The content, never a byte more than stated; its CRC is checked at the end."""
        crc = made = 0
        for piece in self._inflated(entry, begin) if entry.method == _DEFLATE else self._stored(entry, begin):
            made += len(piece)
            if made > entry.size:
                _refuse("zip-size", entry, f"{entry.size} bytes", "more")
            crc = zlib.crc32(piece, crc)
            yield piece
        if made != entry.size:
            _refuse("zip-size", entry, f"{entry.size} bytes", str(made))
        if crc != entry.crc:
            _refuse("zip-crc", entry, f"{entry.crc:08x}", f"{crc:08x}")

    def _stored(self, entry: _Entry, begin: int) -> Iterator[bytes]:
        if entry.packed != entry.size:
            _refuse("zip-size", entry, f"{entry.size} bytes as stored", str(entry.packed))
        return self._raw(entry, begin)

    def _raw(self, entry: _Entry, begin: int) -> Iterator[bytes]:
        left = entry.packed
        while left:
            data = self._source.read_at(begin, min(left, PIECE_BYTES))
            if not data:
                _refuse("zip-size", entry, f"{left} more bytes", "the end of the file")
            begin, left = begin + len(data), left - len(data)
            self.consumed = begin
            yield data

    def _inflated(self, entry: _Entry, begin: int) -> Iterator[bytes]:
        unpack = zlib.decompressobj(-zlib.MAX_WBITS)
        for data in self._raw(entry, begin):
            if unpack.eof:
                _refuse("zip-deflate", entry, "the end of the packed bytes at the end of the stream", "more bytes")
            left = data
            while left and not unpack.eof:
                try:
                    piece = unpack.decompress(left, PIECE_BYTES)
                except zlib.error as error:
                    _refuse("zip-deflate", entry, "deflated data", str(error))
                left = unpack.unconsumed_tail
                if piece:
                    yield piece
            if unpack.unused_data:
                _refuse("zip-deflate", entry, "the end of the packed bytes at the end of the stream", "more bytes")
        if not unpack.eof:
            yield from _tail(unpack, entry)


def _tail(unpack: zlib._Decompress, entry: _Entry) -> Iterator[bytes]:
    """What the decompressor still holds back after its last input."""
    while not unpack.eof:
        try:
            piece = unpack.decompress(unpack.unconsumed_tail, PIECE_BYTES)
        except zlib.error as error:
            _refuse("zip-deflate", entry, "deflated data", str(error))
        if not piece and not unpack.eof:
            _refuse("zip-deflate", entry, "the end of the deflate stream", "the end of the packed bytes")
        if piece:
            yield piece


def _parse_central(data: bytes, place: int) -> tuple[_Entry, int]:
    if len(data) - place < _CENTRAL.size or not data.startswith(_CENTRAL_SIGNATURE, place):
        raise ArchiveError("zip-directory", expected=f"an entry at {place} of the directory", found="something else")
    (
        _, made_by, _, flags, method, clock, date, crc, packed, size, name_size, extra_size, comment_size, disk, _, attributes, offset,
    ) = _CENTRAL.unpack_from(data, place)  # fmt: skip
    start = place + _CENTRAL.size
    name, rest = data[start : start + name_size], data[start + name_size : start + name_size + extra_size]
    end = start + name_size + extra_size + comment_size
    extra = _extra_fields(name, rest, max(0, end - len(data)))
    size, packed, offset = _widen(name, extra, size, packed, offset)
    _check_unicode_path(name, extra)
    entry = _Entry(
        name=name,
        unix_mode=attributes >> 16 if made_by >> 8 == _UNIX else 0,
        flags=flags,
        method=method,
        stamp=clock | date << 16,
        crc=crc,
        packed=packed,
        size=size,
        offset=offset,
    )
    if disk:
        _refuse("zip-header", entry, "an entry on this disk", f"on disk {disk}")
    if flags & _ENCRYPTED:
        _refuse("zip-encrypted", entry, "no encryption", f"flags 0x{flags:04x}")
    if flags & ~_KNOWN_FLAGS:
        _refuse("zip-header", entry, "known flags", f"0x{flags:04x}")
    if method not in {_STORED, _DEFLATE}:
        _refuse("zip-method", entry, "stored or deflate", str(method))
    return entry, end


def _extra_fields(name: bytes, data: bytes, missing: int) -> dict[int, bytes]:
    """Extra fields by id; what does not parse might be read as something else by somebody."""
    found: dict[int, bytes] = {}
    place = 0
    while place < len(data) and not missing:
        header = data[place : place + 4]
        number, length = struct.unpack("<2H", header) if len(header) == 4 else (0, len(data))  # noqa: PLR2004 - id and length
        place += 4 + length
        if place > len(data) or (number in found and number in {_ZIP64, _UNICODE_PATH}):
            missing = 1
        found.setdefault(number, data[place - length : place])
    if missing:
        raise ArchiveError("zip-header", subject=_shown(name), expected="whole extra fields, each once", found="others")
    return found


def _widen(name: bytes, extra: dict[int, bytes], size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The three numbers, from the Zip64 field where the narrow ones are full."""
    values, wide, place = [], extra.get(_ZIP64, b""), 0
    for value in (size, packed, offset):
        if value != _FULL_32:
            values.append(value)
            continue
        if place + 8 > len(wide):
            raise ArchiveError(
                "zip-header", subject=_shown(name), expected="a Zip64 field for full sizes", found="none"
            )
        values.append(int.from_bytes(wide[place : place + 8], "little"))
        place += 8
    return values[0], values[1], values[2]


def _check_unicode_path(name: bytes, extra: dict[int, bytes]) -> None:
    """Info-ZIP's second name: some readers prefer it, so it must be the same."""
    second = extra.get(_UNICODE_PATH)
    if second is not None and second[5:] != name:
        raise ArchiveError("zip-header", subject=_shown(name), expected="one name", found=repr(second[5:60]))


def _kind(entry: _Entry) -> str:
    """File, folder or symbolic link: by the Unix mode where there is one, and the name must agree."""
    slash = entry.name.endswith(b"/")
    kind = _KINDS.get(entry.unix_mode & 0o170000)
    if kind is None or (kind and (kind == "folder") != slash):
        _refuse(
            "unsupported-member", entry, "files, folders and links, folders named so", f"mode 0o{entry.unix_mode:o}"
        )
    return kind or ("folder" if slash else "file")


def _refuse(code: str, entry: _Entry, expected: str, found: str) -> NoReturn:
    raise ArchiveError(code, subject=_shown(entry.name), expected=expected, found=found)


def _shown(name: bytes) -> str:
    return escape_path(name[:SHOWN_BYTES])
