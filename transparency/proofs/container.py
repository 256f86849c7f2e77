"""The dossier's container: a zip file that has exactly one spelling (docs/formats.md section 10).

Stored members in byte order of their names, MS-DOS 2.0, no flags, no times, no extra fields, no comments, no Zip64;
nothing before, between or after. The zip format itself is PKWARE's APPNOTE (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT).

Two steps, so that a changed byte is named for the place it lies in: `read_members` goes by the central directory and
takes any stored zip; once the members were compared with their digests, `check_container` compares every other byte.

>>> data = format_container({"b.txt": b"two", "a.txt": b"one"})
>>> dict(read_members(data)) == {"a.txt": b"one", "b.txt": b"two"}
True
>>> parse_container(data + b"!")
Traceback (most recent call last):
    ...
transparency.proofs.errors.EvidenceError: container-end: expected an end record in the last 22 bytes, found none
"""

from __future__ import annotations

import re
import struct
import zlib
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError, UnusableInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Without Zip64 a count of 65,535 means "look elsewhere", so one less is the most (APPNOTE 4.4.1.4).
MAX_MEMBERS = 65_534
MAX_CONTAINER_BYTES = 1024**3
# Our own names are short; a bound keeps a hostile central directory from being read as one giant name.
MAX_NAME_BYTES = 255

_SAFE_NAME = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*\Z", re.ASCII)
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_LOCAL_MARK = b"PK\x03\x04"
_CENTRAL_MARK = b"PK\x01\x02"
_END_MARK = b"PK\x05\x06"
_VERSION = 20
_FLAGS = 0
_STORED = 0
_MIDNIGHT = 0
_DATE_1980_01_01 = 0x0021


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    offset: int
    size: int


def check_member_name(name: str) -> str:
    """Return the name, or raise `container-name` for one that is not of section 10 (nor safe to unpack)."""
    if not _SAFE_NAME.match(name) or len(name) > MAX_NAME_BYTES or not {".", ".."}.isdisjoint(name.split("/")):
        raise EvidenceError("container-name", expected="a name of A-Za-z0-9._- and single slashes", found=name[:120])
    return name


def format_container(members: Mapping[str, bytes]) -> bytes:
    """Return the one spelling of these members.

    Raises EvidenceError: `container-name`, `container-members` (too many), `container-size` (over 1 GiB).
    """
    names = sorted(check_member_name(name) for name in members)
    _refuse_too_many(len(names))
    locals_: list[bytes] = []
    central: list[bytes] = []
    offset = 0
    for name in names:
        data, raw = members[name], name.encode("ascii")
        shape = (
            _VERSION,
            _FLAGS,
            _STORED,
            _MIDNIGHT,
            _DATE_1980_01_01,
            zlib.crc32(data),
            len(data),
            len(data),
            len(raw),
        )
        _refuse_too_large(offset + len(data))
        locals_ += (_LOCAL.pack(_LOCAL_MARK, *shape, 0), raw, data)
        central += (_CENTRAL.pack(_CENTRAL_MARK, _VERSION, *shape, 0, 0, 0, 0, 0, offset), raw)
        offset += _LOCAL.size + len(raw) + len(data)
    directory = b"".join(central)
    _refuse_too_large(offset + len(directory) + _END.size)
    end = _END.pack(_END_MARK, 0, 0, len(names), len(names), len(directory), offset, 0)
    return b"".join([*locals_, directory, end])


def refuse_other_files(data: bytes) -> None:
    """Raise UnusableInputError `not-a-zip` where neither the first nor the last bytes are those of a zip file."""
    if not data.startswith(_LOCAL_MARK) and data[-_END.size :][: len(_END_MARK)] != _END_MARK:
        found = f"{len(data)} bytes of something else"
        raise UnusableInputError("not-a-zip", expected="a dossier, which is a zip file", found=found)


def read_members(data: bytes) -> dict[str, bytes]:
    """Return the members that the central directory names, in its order; other bytes are left to `check_container`.

    Raises UnusableInputError `not-a-zip` where neither the first nor the last bytes are those of a zip file, and
    EvidenceError `container-end`, `-size`, `-members`, `-directory`, `-name`, `-duplicate`, `-compressed`, `-bounds`.
    """
    refuse_other_files(data)
    _refuse_too_large(len(data))
    count, directory, start = _read_end(data)
    _refuse_too_many(count)
    entries = list(_read_directory(directory, count))
    # A member's data end where the next local header begins at the latest: what overlaps could be read in two ways.
    ends = sorted([*(entry.offset for entry in entries), start])
    members: dict[str, bytes] = {}
    for entry in entries:
        if entry.name in members:
            raise EvidenceError("container-duplicate", expected="each name once", found=entry.name)
        begin = _data_start(data, entry)
        limit = ends[min(bisect_right(ends, entry.offset), len(entries))]
        if begin + entry.size > limit:
            found = f"{entry.size} bytes from {begin}"
            raise EvidenceError(
                "container-bounds", expected=f"data that end by {limit}", found=found, subject=entry.name
            )
        members[entry.name] = data[begin : begin + entry.size]
    return members


def check_container(data: bytes, members: Mapping[str, bytes]) -> bytes:
    """Return `data` where it is the one spelling of `members`; raise `container-not-canonical` where a byte differs."""
    canonical = format_container(members)
    if data != canonical:
        place = next(
            (i for i, (a, b) in enumerate(zip(data, canonical, strict=False)) if a != b), min(len(data), len(canonical))
        )
        raise EvidenceError(
            "container-not-canonical", expected="the one spelling of its members", found=f"a difference at byte {place}"
        )
    return data


def parse_container(data: bytes) -> dict[str, bytes]:
    """Return the members of a canonical container; raise as `read_members` and `check_container` do."""
    members = read_members(data)
    check_container(data, members)
    return members


def _read_end(data: bytes) -> tuple[int, bytes, int]:
    end = data[-_END.size :]
    if len(end) < _END.size or not end.startswith(_END_MARK):
        raise EvidenceError("container-end", expected="an end record in the last 22 bytes", found="none")
    _, _, _, _, count, size, start, _ = _END.unpack(end)
    if start + size != len(data) - _END.size:
        found = f"{start}+{size} in {len(data)} bytes"
        raise EvidenceError(
            "container-directory", expected="a central directory right before the end record", found=found
        )
    return count, data[start : start + size], start


def _read_directory(directory: bytes, count: int) -> Iterator[_Entry]:
    position = 0
    for _ in range(count):
        header = directory[position : position + _CENTRAL.size]
        if len(header) < _CENTRAL.size or not header.startswith(_CENTRAL_MARK):
            raise EvidenceError(
                "container-directory", expected=f"{count} entries", found=f"no entry at byte {position}"
            )
        _, _, _, flags, method, _, _, _, packed, size, name_size, extra, comment, _, _, _, offset = _CENTRAL.unpack(
            header
        )
        raw = directory[position + _CENTRAL.size : position + _CENTRAL.size + name_size]
        name = check_member_name(raw.decode("ascii", "backslashreplace"))
        if method != _STORED or flags != _FLAGS or packed != size:
            found = f"method {method}, flags {flags}"
            raise EvidenceError("container-compressed", expected="stored members", found=found, subject=name)
        yield _Entry(name, offset, size)
        position += _CENTRAL.size + name_size + extra + comment
    if position != len(directory):
        raise EvidenceError(
            "container-directory", expected=f"{count} entries", found=f"{len(directory) - position} bytes more"
        )


def _data_start(data: bytes, entry: _Entry) -> int:
    """Where a member's data begin, by its local header, which must be there and bear the same name."""
    begin = entry.offset + _LOCAL.size
    if begin > len(data) or not data.startswith(_LOCAL_MARK, entry.offset):
        raise EvidenceError(
            "container-bounds", expected="a local header", found=f"none at {entry.offset}", subject=entry.name
        )
    *_, name_size, extra = _LOCAL.unpack_from(data, entry.offset)
    if data[begin : begin + name_size] != entry.name.encode("ascii"):
        raise EvidenceError("container-name", expected=f"{entry.name} in its local header", found="another name")
    return int(begin + name_size + extra)


def _refuse_too_many(count: int) -> None:
    if count > MAX_MEMBERS:
        raise EvidenceError("container-members", expected=f"at most {MAX_MEMBERS} members", found=str(count))


def _refuse_too_large(size: int) -> None:
    if size > MAX_CONTAINER_BYTES:
        raise EvidenceError("container-size", expected=f"at most {MAX_CONTAINER_BYTES} bytes", found=str(size))
