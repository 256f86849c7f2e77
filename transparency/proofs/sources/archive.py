"""A streaming tar reader of our own: ustar, v7, GNU long names, PAX (POSIX.1-2017 pax, GNU tar manual "Basic Tar Format").

Members come one after the other and are never extracted. What is unusual is refused, not guessed:

| rule | when |
|---|---|
| unsupported-member | sparse files, devices, FIFOs, multi-volume and unknown types |
| tar-checksum, tar-header, tar-size | a header that does not add up or is of no known kind; negative, huge or contradicting sizes |
| tar-truncated, tar-end-missing, tar-trailing | data or the two end blocks are missing; something but zeros after them |
| tar-meta | a PAX or GNU header that is malformed, too long, contradicted by another, without a member, or sets paths for all members |

The subject of an error is the member's path, escaped as in the manifest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from transparency.proofs.errors import EvidenceError
from transparency.proofs.escaping import escape_path

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 512
# Files up to this size are handed over whole, larger ones in pieces.
WHOLE_BYTES = 8 * 1024 * 1024
PIECE_BYTES = 1024 * 1024
MAX_META_BYTES = 1024 * 1024
MAX_MEMBER_BYTES = 1 << 60
SHOWN_BYTES = 200
_ZEROS = bytes(BLOCK)
# Zeros before the digits end the number for some readers and are skipped by others.
_OCTAL = re.compile(rb" *([0-7]*)[ \0]*\Z")
# Magic and version: of POSIX (any version: other readers do not look), of GNU tar, and the zeros of the seventh edition.
_POSIX, _GNU, _V7 = b"ustar\x00", b"ustar  \x00", bytes(8)
_OCTAL_SIZES = 0o77777777777
_BASE_256 = 0x80
# Mode, owner, group, time and device numbers: at a header in which one is malformed some readers stop as if the archive ended.
_NUMBERS = ((100, 108), (108, 116), (116, 124), (136, 148), (329, 337), (337, 345))
_BASE_256_SIGNS = frozenset({0x80, 0xFF})
_SPARSE = frozenset({"SCHILY.realsize", "SUN.holesdata"})
_REGULAR = frozenset(b"0\x007")
_LINK, _SYMLINK, _FOLDER = ord("1"), ord("2"), ord("5")
_PAX, _PAX_GLOBAL, _GNU_NAME, _GNU_LINK = ord("x"), ord("g"), ord("L"), ord("K")
_ACROSS = frozenset({"path", "linkpath", "size"})
_PAX_RECORD = re.compile(rb"([1-9][0-9]{0,6}) ")


Extension = TypeVar("Extension", bytes, int)


class Stream(Protocol):
    """Decompressed bytes: `read(n)` gives n bytes, fewer only at the end."""

    def read(self, count: int, /) -> bytes: ...


class ArchiveError(EvidenceError):
    """The archive cannot be read further; `code` is the rule."""


@dataclass(slots=True)
class Member:
    """One member. `data` is the whole content up to WHOLE_BYTES, else None and `pieces` must be used up before the next member.

    A submodule's `target` is the raw name of its commit; only git trees have any.
    """

    kind: Literal["file", "folder", "symlink", "hardlink", "submodule"]
    path: bytes
    executable: bool
    size: int
    target: bytes = b""
    data: bytes | None = b""
    pieces: Iterator[bytes] | None = None


@dataclass(slots=True)
class _Extended:
    """What extension headers said about the next member."""

    path: bytes | None = None
    target: bytes | None = None
    size: int | None = None


def is_header(block: bytes) -> bool:
    """Whether a block is a tar header, by its magic and its checksum."""
    magic = block[257:265]
    if len(block) != BLOCK or not (magic.startswith(_POSIX) or magic in {_GNU, _V7}):
        return False
    try:
        return _octal(block[148:156], "checksum") == sum(block) - sum(block[148:156]) + 8 * 0x20
    except ArchiveError:
        return False


class TarReader:
    """Iterates the members of a tar stream; `position` counts decompressed bytes."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._sound = b""
        self.position = 0

    def __iter__(self) -> Iterator[Member]:
        extended = _Extended()
        while True:
            header = self._read(BLOCK, "tar-end-missing")
            if header == _ZEROS:
                if extended != _Extended():
                    raise ArchiveError("tar-meta", expected="a member after its extension", found="the end")
                self._finish()
                return
            kind, size = header[156], self._check(header)
            if kind in {_PAX, _PAX_GLOBAL, _GNU_NAME, _GNU_LINK}:
                self._extend(extended, kind, size)
                continue
            member = self._member(header, kind, size, extended)
            extended = _Extended()
            yield member
            if member.pieces is not None and next(member.pieces, None) is not None:
                raise AssertionError("a member's pieces were not used up")
            self._skip_padding(member.size if member.kind == "file" else 0)

    def _member(self, header: bytes, kind: int, size: int, extended: _Extended) -> Member:
        path = extended.path if extended.path is not None else _name(header)
        target = extended.target if extended.target is not None else header[157:257].split(b"\0")[0]
        if extended.size is not None:
            if size != extended.size and (extended.size <= _OCTAL_SIZES or size not in {0, _OCTAL_SIZES}):
                raise ArchiveError(
                    "tar-size", subject=_shown(path), expected=f"{extended.size} as in PAX", found=str(size)
                )
            size = extended.size
        if kind == 0 and path.endswith(b"/") and not header[0] and extended.path is None:
            # The slash after the prefix: a folder's for some readers, not for others.
            raise ArchiveError("tar-header", subject=_shown(path), expected="a name", found="a prefix alone")
        executable = bool(_octal(header[100:108], "mode") & 0o100)
        if kind in _REGULAR and not (kind == 0 and path.endswith(b"/")):
            return self._file(path, executable, size)
        if kind == _FOLDER or (kind == 0 and path.endswith(b"/")):
            self._expect_empty(path, size)
            return Member("folder", path, False, 0)  # noqa: FBT003 - a field
        if kind in {_LINK, _SYMLINK}:
            self._expect_empty(path, size)
            return Member("hardlink" if kind == _LINK else "symlink", path, executable, 0, target)
        raise ArchiveError(
            "unsupported-member", subject=_shown(path), expected="files, folders and links", found=repr(chr(kind))
        )

    def _file(self, path: bytes, executable: bool, size: int) -> Member:  # noqa: FBT001 - a field
        if size <= WHOLE_BYTES:
            return Member("file", path, executable, size, data=self._read(size, "tar-truncated"))
        return Member("file", path, executable, size, data=None, pieces=self._pieces(size))

    def _pieces(self, left: int) -> Iterator[bytes]:
        while left:
            piece = self._read(min(left, PIECE_BYTES), "tar-truncated")
            left -= len(piece)
            yield piece

    def _extend(self, extended: _Extended, kind: int, size: int) -> None:
        if size > MAX_META_BYTES:
            raise ArchiveError("tar-meta", expected=f"at most {MAX_META_BYTES} bytes", found=str(size))
        data = self._read(size, "tar-truncated")
        padding = self._read(-size % BLOCK, "tar-truncated")
        if kind in {_GNU_NAME, _GNU_LINK} and not data.endswith(b"\0") and padding.strip(b"\0"):
            # A name that no zero ends goes on in the padding for other readers.
            raise ArchiveError("tar-meta", expected="a name and zeros", found=repr(padding[:40]))
        if kind == _GNU_NAME:
            extended.path = _only(extended.path, data.rstrip(b"\0"))
        elif kind == _GNU_LINK:
            extended.target = _only(extended.target, data.rstrip(b"\0"))
        else:
            self._pax(extended, data, across=kind == _PAX_GLOBAL)

    @staticmethod
    def _pax(extended: _Extended, data: bytes, *, across: bool) -> None:
        for key, value in _pax_records(data):
            if key.startswith("GNU.sparse.") or key in _SPARSE:
                raise ArchiveError("unsupported-member", expected="files, folders and links", found="a sparse file")
            if across and key in _ACROSS:
                raise ArchiveError("tar-meta", expected="no global paths or sizes", found=key)
            if key == "path":
                extended.path = _only(extended.path, value)
            elif key == "linkpath":
                extended.target = _only(extended.target, value)
            elif key == "size":
                if not re.fullmatch(rb"0|[1-9][0-9]{0,18}", value):
                    raise ArchiveError("tar-size", expected="a whole number", found=repr(value[:40]))
                extended.size = _only(extended.size, int(value))

    def _check(self, header: bytes) -> int:
        """Check the sum and return the size."""
        stated = _octal(header[148:156], "checksum")
        found = sum(header) - sum(header[148:156]) + 8 * 0x20
        if stated != found:
            raise ArchiveError("tar-checksum", subject=_shown(_name(header)), expected=str(found), found=str(stated))
        magic = header[257:265]
        if not magic.startswith(_POSIX) and magic not in {_GNU, _V7}:
            raise ArchiveError("tar-header", expected="POSIX, GNU or old tar", found=repr(magic))
        if magic == _V7 and any(header[345:500]):
            # Some readers take it for a part of the name, some do not.
            raise ArchiveError("tar-header", expected="no prefix in an old header", found="other bytes")
        numbers = header[100:124] + header[136:148] + header[329:345]
        if numbers != self._sound:  # most members are like the one before
            _check_numbers(header)
            self._sound = numbers
        return _size(header[124:136])

    def _expect_empty(self, path: bytes, size: int) -> None:
        if size:
            raise ArchiveError("tar-size", subject=_shown(path), expected="0 for a folder or a link", found=str(size))

    def _skip_padding(self, size: int) -> None:
        if padding := -size % BLOCK:
            self._read(padding, "tar-truncated")

    def _finish(self) -> None:
        """After the end there are only zeros, and at least one more block of them."""
        if self._read(BLOCK, "tar-end-missing") != _ZEROS:
            raise ArchiveError("tar-end-missing", expected="two blocks of zeros", found="one")
        while rest := self._stream.read(PIECE_BYTES):
            self.position += len(rest)
            if rest.count(0) != len(rest):
                raise ArchiveError("tar-trailing", expected="zeros after the end", found="other bytes")

    def _read(self, count: int, code: str) -> bytes:
        data = self._stream.read(count)
        if len(data) != count:
            raise ArchiveError(code, expected=f"{count} bytes", found=f"{len(data)} bytes")
        self.position += count
        return data


def _name(header: bytes) -> bytes:
    name = header[:100].split(b"\0")[0]
    prefix = header[345:500].split(b"\0")[0] if header[257:263] == _POSIX else b""
    return prefix + b"/" + name if prefix else name


def _only(before: Extension | None, value: Extension) -> Extension:
    """Readers differ in which of two extensions counts."""
    if before is not None and before != value:
        raise ArchiveError("tar-meta", expected=f"one value: {before!r:.80}", found=f"another: {value!r:.80}")
    return value


def _octal(field: bytes, what: str) -> int:
    match = _OCTAL.match(field)
    if not match:
        raise ArchiveError("tar-header", expected=f"an octal {what}", found=repr(field))
    return int(match[1] or b"0", 8)


def _check_numbers(header: bytes) -> None:
    for start, end in _NUMBERS:
        if not _OCTAL.match(header, start, end) and header[start] not in _BASE_256_SIGNS:
            raise ArchiveError(
                "tar-header", subject=_shown(_name(header)), expected="numbers", found=repr(header[start:end])
            )


def _size(field: bytes) -> int:
    if not field[0] & _BASE_256:
        return _octal(field, "size")
    if field[0] != _BASE_256:  # base-256: 0xff and others are negative or beyond any disk
        raise ArchiveError("tar-size", expected="a size of at least 0", found=field.hex())
    size = int.from_bytes(field[1:], "big")
    if size > MAX_MEMBER_BYTES:
        raise ArchiveError("tar-size", expected="a size that a disk can hold", found=str(size))
    return size


def _pax_records(data: bytes) -> Iterator[tuple[str, bytes]]:
    place = 0
    while place < len(data):
        match = _PAX_RECORD.match(data, place)
        length = int(match[1]) if match else 0
        record = data[match.end() : place + length] if match else b""
        if not match or place + length > len(data) or not record.endswith(b"\n") or b"=" not in record:
            raise ArchiveError("tar-meta", expected="length, key=value, newline", found=repr(data[place : place + 40]))
        key, _, value = record[:-1].partition(b"=")
        yield key.decode("utf-8", "replace"), value
        place += length


def _shown(path: bytes) -> str:
    return escape_path(path[:SHOWN_BYTES])
