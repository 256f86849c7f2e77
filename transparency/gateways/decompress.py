"""Compressed archives as plain streams: `xz` as a child on the other core, gzip in process. Nothing is written to disk.

Several gzip members are read as one and flagged; anything else after the end, and a missing end, is fatal.
"""

from __future__ import annotations

import os
import subprocess
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Literal

from transparency.proofs.errors import UnavailableError, UnusableInputError
from transparency.proofs.sources.archive import ArchiveError

try:
    from isal import isal_zlib as inflate
except ImportError:  # a wheel that not every platform has; the same format, slower
    inflate = zlib  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transparency.proofs.sources.intake import ArchiveStream

GZIP_MAGIC, XZ_MAGIC = b"\x1f\x8b", b"\xfd7zXZ\x00"
CHUNK_BYTES = 256 * 1024
PIPE_BYTES = 1024 * 1024
# The largest window that `xz -9` uses is 64 MiB; more would be an attack on our memory.
XZ_MEMORY = "128MiB"
_GZIP_WBITS = 31


@contextmanager
def open_archive(source: BinaryIO) -> Iterator[ArchiveStream]:
    """The decompressed stream of a `.tar.gz` or `.tar.xz` file at its beginning (`archive-type-unknown`)."""
    if archive_type(source) == "gz":
        yield _GzipStream(source)
        return
    stream = _XzStream(source)
    try:
        yield stream
    finally:
        stream.close()


def archive_type(source: BinaryIO) -> Literal["gz", "xz"]:
    """Which compression a seekable file has, told by its first bytes alone; it is left at its beginning (`archive-type-unknown`)."""
    magic = source.read(len(XZ_MAGIC))
    source.seek(0)
    if magic.startswith(GZIP_MAGIC):
        return "gz"
    if magic == XZ_MAGIC:
        return "xz"
    raise UnusableInputError("archive-type-unknown", expected="a .tar.gz or .tar.xz file", found=repr(magic))


class _GzipStream:
    """Reads member after member; memory stays at a few chunks."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._unpack = inflate.decompressobj(_GZIP_WBITS)
        self._pending = b""
        self._ready = bytearray()
        self._place = 0
        self._members = 1
        self._ended = False
        self.consumed = 0

    @property
    def flags(self) -> tuple[tuple[str, str], ...]:
        return (("stream-concatenated", f"{self._members} gzip members"),) if self._members > 1 else ()

    def read(self, count: int, /) -> bytes:
        while len(self._ready) - self._place < count and not self._ended:
            self._fill()
        data = bytes(self._ready[self._place : self._place + count])
        self._place += len(data)
        if self._place > 4 * CHUNK_BYTES:
            del self._ready[: self._place]
            self._place = 0
        return data

    def finish(self) -> None:
        while not self._ended:
            self._fill()

    def _fill(self) -> None:
        if not self._pending:
            self._pending = self._source.read(CHUNK_BYTES)
            self.consumed += len(self._pending)
        if not self._pending:
            if not self._unpack.eof:
                raise ArchiveError("stream-truncated", expected="the end of the gzip data", found="the end of the file")
            self._ended = True
            return
        if self._unpack.eof:
            self._next_member()
        try:
            self._ready += self._unpack.decompress(self._pending, 4 * CHUNK_BYTES)
        except (inflate.error, zlib.error) as error:
            raise ArchiveError("stream-malformed", expected="gzip data", found=str(error)) from error
        self._pending = self._unpack.unused_data if self._unpack.eof else self._unpack.unconsumed_tail

    def _next_member(self) -> None:
        if not self._pending.startswith(GZIP_MAGIC[: len(self._pending)]):
            raise ArchiveError("stream-trailing", expected="nothing after the gzip data", found=repr(self._pending[:8]))
        self._unpack = inflate.decompressobj(_GZIP_WBITS)
        self._members += 1


class _XzStream:
    """The `xz` child reads the file itself; how far it is shows in the shared file offset."""

    flags: tuple[tuple[str, str], ...] = ()

    def __init__(self, source: BinaryIO) -> None:
        self._descriptor = source.fileno()
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        command = ["xz", "--decompress", "--stdout", "--quiet", "--threads=1", f"--memlimit-decompress={XZ_MEMORY}"]
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}
        try:
            self._child = subprocess.Popen(
                command,
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=PIPE_BYTES,
                env=environment,
            )
        except FileNotFoundError as error:
            raise UnavailableError("xz-missing", expected="the xz command (xz-utils)", found="none") from error
        if self._child.stdout is None:
            raise AssertionError("a pipe was asked for")
        self.read = self._child.stdout.read

    @property
    def consumed(self) -> int:
        return os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def finish(self) -> None:
        if self.read(1):
            raise AssertionError("the stream was not read to its end")
        _, errors = self._child.communicate()
        if self._child.returncode:
            raise ArchiveError(
                "stream-malformed", expected="xz data", found=errors.decode(errors="replace").strip()[:200]
            )

    def close(self) -> None:
        if self._child.poll() is None:
            self._child.kill()
        self._child.communicate()
