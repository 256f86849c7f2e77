"""Zip files made byte by byte, so that every field can lie."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from transparency.proofs.sources.intake import take_in
from transparency.proofs.sources.membersource import Limits
from transparency.proofs.sources.ziparchive import ZipReader

if TYPE_CHECKING:
    from transparency.proofs.sources.intake import Intake

UNIX, DOS = 3 << 8 | 20, 20
STORED, DEFLATE = 0, 8


@dataclass(frozen=True)
class Entry:
    """One entry; `central` and `local` change fields of only one of the two headers."""

    name: bytes
    content: bytes = b""
    method: int = STORED
    flags: int = 0
    made_by: int = UNIX
    mode: int = 0o100644
    extra: bytes = b""
    local_extra: bytes = b""
    comment: bytes = b""
    descriptor: bytes | None = None
    gap: bytes = b""
    packed: bytes | None = None
    disk: int = 0
    central: dict[str, int | bytes] = field(default_factory=dict)
    local: dict[str, int | bytes] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        if self.packed is not None:
            return self.packed
        return deflate(self.content) if self.method == DEFLATE else self.content

    def fields(self) -> dict[str, int | bytes]:
        return {
            "name": self.name,
            "flags": self.flags,
            "method": self.method,
            "time": 0,
            "date": 0x21,
            "crc": zlib.crc32(self.content),
            "packed": len(self.data),
            "size": len(self.content),
        }


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


MOST_ENTRIES = 0xFFFF


def local_header(entry: Entry) -> bytes:
    said = entry.fields() | entry.local
    name = said["name"]
    assert isinstance(name, bytes)
    numbers = [said[key] for key in ("flags", "method", "time", "date", "crc", "packed", "size")]
    return (
        struct.pack("<4s5H3L2H", b"PK\3\4", 20, *numbers, len(name), len(entry.local_extra)) + name + entry.local_extra
    )


def central_header(entry: Entry, offset: int) -> bytes:
    said = {"offset": offset, "disk": entry.disk} | entry.fields() | entry.central
    name = said["name"]
    assert isinstance(name, bytes)
    numbers = [said[key] for key in ("flags", "method", "time", "date", "crc", "packed", "size")]
    sizes = (len(name), len(entry.extra), len(entry.comment), said["disk"], 0, entry.mode << 16, said["offset"])
    return (
        struct.pack("<4s6H3L5H2L", b"PK\1\2", entry.made_by, 20, *numbers, *sizes) + name + entry.extra + entry.comment
    )


def end_record(count: int, size: int, offset: int, comment: bytes = b"") -> bytes:
    told = min(count, MOST_ENTRIES)
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, told, told, size, offset, len(comment)) + comment


def wide_record(count: int, size: int, offset: int) -> bytes:
    """The Zip64 record and its locator, for more entries than the end record can tell."""
    if count < MOST_ENTRIES:
        return b""
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    return record + struct.pack("<4sLQL", b"PK\6\7", 0, offset + size, 1)


def make_zip(
    *entries: Entry, before: bytes = b"", gap: bytes = b"", comment: bytes = b"", offsets: list[int] | None = None
) -> bytes:
    """A whole file; `offsets` puts the directory's offsets elsewhere."""
    body, places = bytearray(before), []
    for entry in entries:
        body += entry.gap
        places.append(len(body))
        body += local_header(entry) + entry.data + (entry.descriptor or b"")
    body += gap
    directory = b"".join(central_header(entry, place) for entry, place in zip(entries, offsets or places, strict=True))
    ending = end_record(len(entries), len(directory), len(body), comment)
    return bytes(body) + directory + wide_record(len(entries), len(directory), len(body)) + ending


def described(entry: Entry, *, signed: bool = True) -> Entry:
    """The same entry as streaming writers make it: sizes come after the data."""
    said = struct.pack("<3L", zlib.crc32(entry.content), len(entry.data), len(entry.content))
    return replace(
        entry,
        flags=entry.flags | 8,
        local={"crc": 0, "packed": 0, "size": 0, "flags": entry.flags | 8},
        descriptor=(b"PK\7\x08" if signed else b"") + said,
    )


class Bytes:
    """A file in memory that can be read anywhere."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read_at(self, offset: int, count: int) -> bytes:
        return self._data[offset : offset + count] if offset >= 0 else b""


def take_zip(data: bytes, limits: Limits | None = None) -> Intake:
    given = limits or Limits()
    return take_in(ZipReader(Bytes(data), members=given.members), io.BytesIO(), limits=given)
