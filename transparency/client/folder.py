"""A folder read as if it were an archive, so that both pass the same policy and get the same names.

The members stand below one made-up top folder, which the intake strips as it strips an archive's own. Symbolic links are
members and are never followed; nothing is left out, a `.git` folder neither (it is refused, as it is in an archive).
"""

from __future__ import annotations

import os
import stat
import tarfile
from typing import TYPE_CHECKING

from transparency.proofs.errors import UnavailableError, UnusableInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = b"tree"
BLOCK = 512
CHUNK_BYTES = 1024 * 1024


class FolderStream:
    """An uncompressed tar stream made while it is read; implements what `take_in` reads from."""

    flags: tuple[tuple[str, str], ...] = ()

    def __init__(self, folder: str) -> None:
        self._pieces = _tar(os.fsencode(folder))
        self._ready = bytearray()
        self.consumed = 0

    def read(self, count: int, /) -> bytes:
        while len(self._ready) < count:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._ready += piece
            self.consumed += len(piece)
        data = bytes(self._ready[:count])
        del self._ready[:count]
        return data

    def finish(self) -> None:
        """There is no compression that could end too early."""


def _tar(folder: bytes) -> Iterator[bytes]:
    waiting = [(folder, TOP)]
    while waiting:
        place, name = waiting.pop()
        yield _header(name, tarfile.DIRTYPE)
        for entry in _entries(place):
            below = name + b"/" + entry.name
            if entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, below))
            elif entry.is_symlink():
                yield _header(below, tarfile.SYMTYPE, target=os.readlink(entry.path))  # noqa: PTH115 - bytes
            elif entry.is_file(follow_symlinks=False):
                yield from _file(entry.path, below)
            else:
                yield _header(below, tarfile.FIFOTYPE)
    yield bytes(2 * BLOCK)


def _entries(folder: bytes) -> list[os.DirEntry[bytes]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise _unreadable(error) from error


def _file(path: bytes, name: bytes) -> Iterator[bytes]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(error) from error
    with open(descriptor, "rb") as stream:  # noqa: PTH123 - a descriptor, so that no link is followed
        status = os.fstat(descriptor)
        yield _header(name, tarfile.REGTYPE, size=status.st_size, executable=bool(status.st_mode & stat.S_IXUSR))
        left = status.st_size
        while left:
            piece = stream.read(min(left, CHUNK_BYTES))
            if not piece:
                raise UnavailableError(
                    "file-changed", subject=os.fsdecode(name), expected=f"{left} bytes more", found="none"
                )
            left -= len(piece)
            yield piece
    yield bytes(-status.st_size % BLOCK)


def _header(name: bytes, kind: bytes, *, size: int = 0, executable: bool = False, target: bytes = b"") -> bytes:
    """GNU headers: they carry names and targets of any length as the bytes that they are."""
    member = tarfile.TarInfo(os.fsdecode(name))
    member.type = kind
    member.size = size
    member.mode = 0o755 if executable else 0o644
    member.linkname = os.fsdecode(target)
    return member.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _unreadable(error: OSError) -> UnusableInputError:
    found = error.strerror or type(error).__name__
    return UnusableInputError(
        "file-unreadable", subject=os.fsdecode(error.filename or b""), expected="a readable file", found=found
    )
