"""One file that arrives in pieces: written at an offset, durable before its writer says so, one writer at a time.

Whoever opens it holds its lock (flock) until it is closed, also against other processes, and is told `upload-busy` where somebody else
has it. How many bytes count is the caller's knowledge (a row); what lies behind them, from a writer that died, is cut off.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from transparency.gateways.durable import disk_weather, make_folder, sync_file, sync_folder
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

READ_BYTES = 1024 * 1024


class UploadFile:
    """An upload that is open and locked."""

    def __init__(self, stream: FileIO, path: Path) -> None:
        self.stream = stream
        self.path = path

    def append(self, offset: int, data: bytes) -> None:
        """Write `data` at `offset` and make it durable; bytes behind it are cut off (`upload-damaged`, `disk-full`, `disk-failed`)."""
        found = os.fstat(self.stream.fileno()).st_size
        if found < offset:
            raise EvidenceError("upload-damaged", expected=f"{offset} bytes on the disk", found=f"{found}")
        left = memoryview(data)
        with disk_weather():
            self.stream.truncate(offset)
            self.stream.seek(offset)
            while left:
                left = left[self.stream.write(left) :]
        sync_file(self.stream)

    def chunks(self, size: int) -> Iterator[bytes]:
        """The first `size` bytes from the beginning (`upload-damaged` where there are fewer); what lies behind them is cut off."""
        if os.fstat(self.stream.fileno()).st_size > size:
            with disk_weather():
                self.stream.truncate(size)
        self.stream.seek(0)
        left = size
        while left:
            chunk = self.stream.read(min(READ_BYTES, left))
            if not chunk:
                raise EvidenceError("upload-damaged", expected=f"{size} bytes on the disk", found=f"{size - left}")
            left -= len(chunk)
            yield chunk


@contextmanager
def open_upload(path: Path) -> Iterator[UploadFile]:
    """The upload at `path`, made where it is not there yet, locked for this caller (`upload-busy`)."""
    with disk_weather():
        make_folder(path.parent)
        descriptor = _open(path)
    with os.fdopen(descriptor, "r+b", buffering=0) as stream:
        _lock(descriptor, path)
        yield UploadFile(stream, path)


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        there = path.stat()
    except (BlockingIOError, FileNotFoundError) as error:
        raise UnavailableError("upload-busy", expected="one writer", found="another one at work") from error
    if not os.path.samestat(there, os.fstat(descriptor)):  # removed by whoever had the lock, and begun anew
        raise UnavailableError("upload-busy", expected="one writer", found="another one at work")


def _open(path: Path) -> int:
    flags = os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, os.O_RDWR | flags)
    except PermissionError:  # an object of the store already, whose upload was not ended: nothing is left to write
        return os.open(path, os.O_RDONLY | flags)
    except FileNotFoundError:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | flags, 0o600)
        sync_folder(path.parent)
        return descriptor


def prefix_digest(path: Path, count: int) -> Digest:
    """SHA-256 of the first `count` bytes, without the lock: what counts is never written again (`upload-damaged`)."""
    try:
        with path.open("rb") as stream:
            data = stream.read(count)
    except FileNotFoundError:
        data = b""
    if len(data) < count:
        raise EvidenceError("upload-damaged", expected=f"{count} bytes on the disk", found=f"{len(data)}")
    return Digest(hashlib.sha256(data).digest())
