"""The front of an RPM file, up to its payload (https://rpm-software-management.github.io/rpm/manual/format_v4.html): lead, two headers.

Strict as rpm's own reader and stricter: bounds before reads, every entry inside the store and after the one before it, each tag once,
the region over all of it. Only source packages; nothing of them is run.

| rule | when |
|---|---|
| rpm-lead, rpm-header | not the shape that rpm writes; an offset or a count out of range; a tag twice or of another type |
| rpm-binary | built files, which are no source |
| rpm-digest, rpm-size | header or payload are not those that the signature header or the header name |
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from transparency.proofs.sources.archive import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Callable

    ReadAt = Callable[[int, int], bytes]

MAGIC = b"\xed\xab\xee\xdb"
LEAD_BYTES = 96
HEADER_MAGIC = b"\x8e\xad\xe8\x01\0\0\0\0"
# rpm itself takes 65,535 tags and 256 MiB; a source package has a hundred tags and some kilobytes.
MAX_ENTRIES = 4096
MAX_STORE_BYTES = 16 * 1024 * 1024
MAX_COUNT = 1_000_000
_INTRO, _ENTRY = 16, 16
_SOURCE_TYPE, _SIGNATURE_TYPE = 1, 5
_CHAR, _INT8, _INT16, _INT32, _INT64, _STRING, _BIN, _STRINGS, _I18N = range(1, 10)
_SIZES = {_CHAR: 1, _INT8: 1, _INT16: 2, _INT32: 4, _INT64: 8, _BIN: 1}
REGION_SIGNATURES, REGION_IMMUTABLE = 62, 63
_SHA256_HEADER, _SIGNATURE_SIZE, _LONG_SIZE = 273, 1000, 270
NAME, VERSION, RELEASE, EPOCH, LICENCE = 1000, 1001, 1002, 1003, 1014
_SOURCE_RPM, _SOURCE_PACKAGE, _FORMAT, _COMPRESSOR = 1044, 1106, 1124, 1125
SIZES, MODES, DIGESTS, FLAGS, FOLDERS, NAMES, FOLDER_NAMES = 1028, 1030, 1035, 1037, 1116, 1117, 1118
DIGEST_ALGORITHM, VCS, _PAYLOAD_DIGEST, _PAYLOAD_ALGORITHM = 5011, 5034, 5092, 5093
_SHA256 = 8
Compressor = Literal["gzip", "bzip2", "xz", "zstd"]
_COMPRESSORS: dict[str, Compressor] = {"gzip": "gzip", "bzip2": "bzip2", "xz": "xz", "zstd": "zstd"}
_CHUNK = 1024 * 1024

Value = list[int] | list[bytes] | bytes


@dataclass(frozen=True, slots=True)
class Header:
    """Values by tag: numbers, texts, or bytes; and where the header ends in the file."""

    values: dict[int, Value]
    end: int

    def text(self, tag: int) -> str:
        """A single text, empty where there is none (`rpm-header`)."""
        found = self.values.get(tag, [b""])
        if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], bytes):
            raise _bad(f"one text for tag {tag}", repr(found)[:80])
        try:
            return found[0].decode()
        except UnicodeDecodeError as error:
            raise _bad(f"UTF-8 for tag {tag}", repr(found[0][:40])) from error

    def texts(self, tag: int) -> list[bytes]:
        found = self.values.get(tag, [])
        if not isinstance(found, list) or not all(isinstance(item, bytes) for item in found):
            raise _bad(f"texts for tag {tag}", repr(found)[:80])
        return [item for item in found if isinstance(item, bytes)]

    def numbers(self, tag: int) -> list[int]:
        found = self.values.get(tag, [])
        if not isinstance(found, list) or not all(isinstance(item, int) for item in found):
            raise _bad(f"numbers for tag {tag}", repr(found)[:80])
        return [item for item in found if isinstance(item, int)]

    def number(self, tag: int) -> int | None:
        found = self.numbers(tag)
        if len(found) > 1:
            raise _bad(f"one number for tag {tag}", str(len(found)))
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class RpmHead:
    """A source package up to its payload, whose digests were checked."""

    header: Header
    compressor: Compressor

    @property
    def payload(self) -> int:
        return self.header.end


def parse_rpm(read_at: ReadAt, size: int) -> RpmHead:
    """The head of an RPM file of `size` bytes, and its payload's digest where it names one."""
    _check_lead(read_at(0, LEAD_BYTES))
    signatures = parse_header(read_at, LEAD_BYTES, size, region=REGION_SIGNATURES)
    start = signatures.end + -signatures.end % 8
    if any(read_at(signatures.end, start - signatures.end)):
        raise _bad("zeros up to the header", "other bytes")
    header = parse_header(read_at, start, size, region=REGION_IMMUTABLE)
    _check_size(signatures, size - start)
    if (stated := signatures.text(_SHA256_HEADER)) and stated != _sha256(read_at, start, header.end):
        raise ArchiveError("rpm-digest", expected=stated[:64], found=_sha256(read_at, start, header.end))
    if header.values.get(_SOURCE_RPM) or not header.values.get(_SOURCE_PACKAGE):
        raise ArchiveError("rpm-binary", expected="a source package", found="a binary one")
    if header.text(_FORMAT) != "cpio" or header.text(_COMPRESSOR) not in _COMPRESSORS:
        found = f"{header.text(_FORMAT)}, {header.text(_COMPRESSOR)}"[:80]
        raise ArchiveError("rpm-header", expected="cpio, compressed by gzip, bzip2, xz or zstd", found=found)
    _check_payload(header, read_at, size)
    return RpmHead(header, _COMPRESSORS[header.text(_COMPRESSOR)])


def parse_header(read_at: ReadAt, start: int, size: int, *, region: int) -> Header:
    """One header structure at `start` of a file of `size` bytes."""
    intro = read_at(start, _INTRO)
    if len(intro) != _INTRO or not intro.startswith(HEADER_MAGIC):
        raise _bad("the magic of a header", repr(intro[:8]))
    count, length = struct.unpack(">II", intro[8:])
    if not 1 <= count <= MAX_ENTRIES or length > MAX_STORE_BYTES:
        raise _bad(f"at most {MAX_ENTRIES} tags and {MAX_STORE_BYTES} bytes", f"{count} and {length}")
    end = start + _INTRO + count * _ENTRY + length
    if end > size:
        raise _bad("a header inside the file", f"{end - size} bytes too many")
    index = read_at(start + _INTRO, count * _ENTRY)
    store = read_at(start + _INTRO + count * _ENTRY, length)
    entries = list(struct.iter_unpack(">IIiI", index))
    trailer = _check_region(entries, store, region)
    return Header(_values(entries[1:], store, trailer), end)


def _check_region(entries: list[tuple[int, ...]], store: bytes, region: int) -> int:
    """The first entry covers all others, by a trailer that ends the store; returns where the trailer begins."""
    trailer = len(store) - _ENTRY
    if entries[0] != (region, _BIN, trailer, _ENTRY) or trailer < 0:
        raise _bad("a region over the whole header", repr(entries[0]))
    covered = struct.unpack(">IIiI", store[trailer:])
    if covered != (region, _BIN, -len(entries) * _ENTRY, _ENTRY):
        raise _bad("a trailer that covers every tag", repr(covered))
    return trailer


def _values(entries: list[tuple[int, ...]], store: bytes, most: int) -> dict[int, Value]:
    values: dict[int, Value] = {}
    place = 0
    for tag, kind, offset, count in sorted(entries, key=lambda entry: entry[2]):
        if tag in values:
            raise _bad("each tag once", f"{tag} twice")
        if not place <= offset <= most or not 1 <= count <= MAX_COUNT:
            raise _bad(f"tag {tag} after the one before and inside the store", f"offset {offset}, count {count}")
        if kind in _SIZES:
            values[tag], place = _fixed(store, tag, kind, offset, count, most)
        elif kind in {_STRING, _STRINGS, _I18N} and (kind != _STRING or count == 1):
            values[tag], place = _texts(store, tag, offset, count, most)
        else:
            raise _bad("a type that rpm has", f"{kind} for tag {tag}, {count} times")
    return values


def _fixed(store: bytes, tag: int, kind: int, offset: int, count: int, most: int) -> tuple[Value, int]:
    width = _SIZES[kind]
    end = offset + width * count
    if end > most or offset % width:
        raise _bad(f"tag {tag} inside the store, on its boundary", f"offset {offset}, {count} of {width} bytes")
    data = store[offset:end]
    if kind == _BIN:
        return data, end
    return list(struct.unpack(f">{count}{'BBHIQ'[kind - 1]}", data)), end


def _texts(store: bytes, tag: int, offset: int, count: int, most: int) -> tuple[Value, int]:
    found: list[bytes] = []
    place = offset
    for _ in range(count):
        end = store.find(b"\0", place, most)
        if end < 0:
            raise _bad(f"{count} texts for tag {tag}", f"{len(found)} that end inside the store")
        found.append(store[place:end])
        place = end + 1
    return found, place


def _check_lead(lead: bytes) -> None:
    if len(lead) != LEAD_BYTES or not lead.startswith(MAGIC) or lead[4] not in {3, 4}:
        raise ArchiveError("rpm-lead", expected="an RPM file of version 3 or 4", found=repr(lead[:8]))
    kind, signature = struct.unpack(">H", lead[6:8])[0], struct.unpack(">H", lead[78:80])[0]
    if signature != _SIGNATURE_TYPE:
        raise ArchiveError("rpm-lead", expected="a header of signatures", found=f"type {signature}")
    if kind != _SOURCE_TYPE:
        raise ArchiveError("rpm-binary", expected="a source package", found=f"type {kind}")


def _check_size(signatures: Header, size: int) -> None:
    """Header and payload together are as long as is said: nothing hangs on after them."""
    stated = signatures.number(_LONG_SIZE if _LONG_SIZE in signatures.values else _SIGNATURE_SIZE)
    if stated is not None and stated != size:
        raise ArchiveError("rpm-size", expected=f"{stated} bytes of header and payload", found=str(size))


def _check_payload(header: Header, read_at: ReadAt, size: int) -> None:
    stated = header.texts(_PAYLOAD_DIGEST)
    if not stated:
        return  # old packages name none; every file's own digest is checked all the same
    if header.number(_PAYLOAD_ALGORITHM) != _SHA256 or len(stated) != 1:
        raise _bad("one SHA-256 of the payload", f"{len(stated)}, algorithm {header.number(_PAYLOAD_ALGORITHM)}")
    found = _sha256(read_at, header.end, size)
    if stated[0] != found.encode():
        raise ArchiveError("rpm-digest", expected=repr(stated[0][:64]), found=found)


def _sha256(read_at: ReadAt, start: int, end: int) -> str:
    hasher = hashlib.sha256()
    while start < end:
        piece = read_at(start, min(_CHUNK, end - start))
        if not piece:
            break
        hasher.update(piece)
        start += len(piece)
    return hasher.hexdigest()


def _bad(expected: str, found: str) -> ArchiveError:
    return ArchiveError("rpm-header", expected=expected, found=found)
