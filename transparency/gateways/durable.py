"""Files that are wholly there or not there at all, also after a power cut.

Order of writes: temporary file (O_EXCL) -> write -> fsync(file) -> link or rename -> fsync(folder). An fsync that fails is not tried
again: what the kernel then holds is unknown (`UnavailableError("disk-failed")`).
"""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

from transparency.proofs.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


# What a disk says that is full, failing or read-only: weather for whoever asked, and nothing half-written stays.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_FAILING = frozenset({errno.EIO, errno.EROFS})


@contextmanager
def disk_weather() -> Iterator[None]:
    """A full or failing disk as `UnavailableError` (`disk-full`, `disk-failed`); every other error as it is."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise UnavailableError("disk-full", expected="room on the disk", found=str(error)) from error
        if error.errno in _FAILING:
            raise UnavailableError("disk-failed", expected="a disk that writes", found=str(error)) from error
        raise


def make_folder(folder: Path) -> None:
    """Make `folder` (0700) and make its name durable in its parents."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with disk_weather(), suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    with disk_weather():
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise UnavailableError("disk-failed", expected="durable folder", found=str(error)) from error
    finally:
        os.close(descriptor)


@contextmanager
def temporary_file(folder: Path, prefix: str) -> Iterator[tuple[BinaryIO, Path]]:
    """A new file in `folder`, removed at the end unless it was moved away."""
    path = folder / f"{prefix}.{secrets.token_hex(8)}.tmp"
    with disk_weather():
        make_folder(folder)
        try:
            with path.open("x+b") as stream:
                yield stream, path
        finally:
            path.unlink(missing_ok=True)


def sync_file(stream: BinaryIO) -> None:
    with disk_weather():
        stream.flush()  # a full disk shows here, and may be tried again
    try:
        os.fsync(stream.fileno())
    except OSError as error:
        raise UnavailableError("disk-failed", expected="durable file", found=str(error)) from error


def write_durable(target: Path, data: bytes, *, mode: int = 0o444) -> None:
    """Replace or make `target` with `data`, atomically and durably."""
    with temporary_file(target.parent, target.name) as (stream, path):
        stream.write(data)
        os.fchmod(stream.fileno(), mode)
        sync_file(stream)
        path.replace(target)
        sync_folder(target.parent)
