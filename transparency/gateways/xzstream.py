"""xz files as a plain stream, decompressed by `xz` as a child on the other core (https://tukaani.org/xz/xz-file-format.txt)."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
from typing import TYPE_CHECKING, BinaryIO

from transparency.proofs.errors import UnavailableError
from transparency.proofs.sources.archive import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator

PIPE_BYTES = 1024 * 1024
# The largest window that `xz -9` uses is 64 MiB; more would be an attack on our memory.
XZ_MEMORY = "128MiB"
# An index has a few bytes for each block; blocks are megabytes.
MAX_XZ_INDEX_BYTES = 16 * 1024 * 1024
MAX_XZ_STREAMS = 10_000
_XZ_EDGE, _XZ_FOOTER_MAGIC = 12, b"YZ"
# Seven bits a byte, 63 in all: xz-file-format.txt section 1.2.
_NUMBER_BITS = 63


class XzStream:
    """The `xz` child reads the file itself; how far it is shows in the shared file offset."""

    def __init__(self, source: BinaryIO, start: int = 0) -> None:
        self._descriptor = source.fileno()
        self._start = start
        self._streams = 0
        os.lseek(self._descriptor, start, os.SEEK_SET)
        command = ["xz", "--decompress", "--format=xz", "--stdout", "--quiet", "--threads=1"]
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}
        try:
            self._child = subprocess.Popen(
                [*command, f"--memlimit-decompress={XZ_MEMORY}"],
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=PIPE_BYTES,
                pipesize=PIPE_BYTES,
                env=environment,
            )
        except FileNotFoundError as error:
            raise UnavailableError("xz-missing", expected="the xz command (xz-utils)", found="none") from error
        if self._child.stdout is None:
            raise AssertionError("a pipe was asked for")
        self._output = self._child.stdout

    @property
    def flags(self) -> tuple[tuple[str, str], ...]:
        return (("stream-concatenated", f"{self._streams} xz streams"),) if self._streams > 1 else ()

    @property
    def consumed(self) -> int:
        return os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def read(self, count: int, /) -> bytes:
        if self._streams:
            return b""
        data = self._output.read(count)
        if len(data) < count:
            self._end()
        return data

    def finish(self) -> None:
        if self.read(1):
            raise AssertionError("the stream was not read to its end")

    def close(self) -> None:
        if self._child.poll() is None:
            self._child.kill()
        self._child.communicate()

    def _end(self) -> None:
        """The child's own word first: what it has written does not count when it found damage afterwards."""
        _, errors = self._child.communicate()
        if self._child.returncode:
            if self._child.returncode == -signal.SIGXCPU:
                raise ArchiveError("limit-cpu", expected="xz to end in its time", found="more")
            reason = errors.decode(errors="replace").strip()[:200]
            code = "stream-truncated" if "Unexpected end of input" in reason else "stream-malformed"
            raise ArchiveError(code, expected="xz data to the end of the file", found=reason)
        self._streams = count_xz_streams(self._descriptor, self._start)


def count_xz_streams(descriptor: int, start: int = 0) -> int:
    """How many streams a sound file has from `start` on, from footer to footer backwards; xz itself reads over zeros between them."""
    end, streams = os.fstat(descriptor).st_size, 0
    while end > start and streams < MAX_XZ_STREAMS:
        footer = os.pread(descriptor, _XZ_EDGE, max(end - _XZ_EDGE, start))
        if not footer.endswith(_XZ_FOOTER_MAGIC):
            raise ArchiveError("stream-trailing", expected="nothing after an xz stream", found=repr(footer[-8:]))
        index = (int.from_bytes(footer[4:8], "little") + 1) * 4
        if index > MAX_XZ_INDEX_BYTES:
            raise ArchiveError(
                "stream-malformed", expected=f"an index of at most {MAX_XZ_INDEX_BYTES} bytes", found=str(index)
            )
        place = end - _XZ_EDGE - index
        end = place - _xz_blocks_size(os.pread(descriptor, index, max(place, start))) - _XZ_EDGE
        if end < start:
            raise ArchiveError(
                "stream-malformed",
                expected="blocks that fit in front of their index",
                found=f"{start - end} bytes too many",
            )
        streams += 1
    return streams


def _xz_blocks_size(index: bytes) -> int:
    """Bytes of the blocks that an index lists, with their padding."""
    numbers = _xz_numbers(index[1:])
    count = next(numbers, 0)
    # A record has at least two bytes; more of them than that are not there, whatever the count says.
    sizes = itertools.islice(numbers, 0, 2 * min(count, len(index)), 2)
    return sum(size + -size % 4 for size in sizes)


def _xz_numbers(data: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in data:
        if shift >= _NUMBER_BITS:
            raise ArchiveError("stream-malformed", expected=f"numbers of {_NUMBER_BITS} bits", found="a longer one")
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a number has no high bit
            yield number
            number = shift = 0
