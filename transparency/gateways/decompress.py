"""Archives of every kind that we read, as members or as a plain stream. Nothing is written to disk.

Several gzip or bzip2 members, xz streams or zstd frames are read as one and flagged; anything else after the end, and a missing end, is
fatal: `stream-truncated`, `stream-trailing`, `stream-malformed`. The kind is told by the first bytes alone, never by the name.
"""

from __future__ import annotations

import bz2
import os
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Protocol

from transparency.gateways.xzstream import XzStream
from transparency.proofs.errors import UnavailableError, UnusableInputError
from transparency.proofs.sources.archive import BLOCK, ArchiveError, is_header
from transparency.proofs.sources.membersource import Limits, TarSource
from transparency.proofs.sources.rpm import MAGIC as RPM_MAGIC
from transparency.proofs.sources.rpm import parse_rpm
from transparency.proofs.sources.rpmsource import RpmSource
from transparency.proofs.sources.ziparchive import ZipReader
from transparency.proofs.sources.zstframes import MAGIC as ZST_MAGIC
from transparency.proofs.sources.zstframes import MAX_WINDOW_BYTES, count_frames

try:
    from isal import isal_zlib
except ImportError:  # a wheel that not every platform has; the same format, slower
    inflate: Any = zlib
else:
    inflate = isal_zlib

try:
    import zstandard
except ImportError:  # other people's machines need it only for this kind
    zstandard = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transparency.proofs.sources.membersource import ArchiveStream, MemberSource
    from transparency.proofs.sources.rpm import RpmHead

ArchiveKind = Literal["tar", "gz", "bz2", "xz", "zst", "zip", "rpm"]
KINDS = "a .tar, .tar.gz, .tar.bz2, .tar.xz, .tar.zst, .zip or .src.rpm file"
GZIP_MAGIC, BZIP2_MAGIC, XZ_MAGIC = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_PAYLOADS: dict[str, tuple[ArchiveKind, bytes]] = {
    "gzip": ("gz", GZIP_MAGIC),
    "bzip2": ("bz2", BZIP2_MAGIC),
    "xz": ("xz", XZ_MAGIC),
    "zstd": ("zst", ZST_MAGIC),
}
CHUNK_BYTES = 256 * 1024
_GZIP_WBITS = 31


@contextmanager
def open_members(source: BinaryIO, limits: Limits) -> Iterator[MemberSource]:
    """The members of an archive file at its beginning (`archive-type-unknown`)."""
    if archive_type(source) == "zip":
        yield ZipReader(_File(source), members=limits.members)
        return
    if archive_type(source) == "rpm":
        file = _File(source)
        head = parse_rpm(file.read_at, file.size)
        with open_payload(source, head) as payload:
            yield RpmSource(head, payload, limits)
        return
    with open_archive(source) as stream:
        yield TarSource(stream, limits)


@contextmanager
def open_archive(source: BinaryIO) -> Iterator[ArchiveStream]:
    """The decompressed stream of a tar file at its beginning, whatever compresses it (`archive-type-unknown`; a zip has none)."""
    kind = archive_type(source)
    if kind in {"zip", "rpm"}:
        raise UnusableInputError(
            "archive-type-unknown", expected="a tar file, compressed or not", found=f"a {kind} file"
        )
    with _decompressed(source, kind, 0) as stream:
        yield stream


@contextmanager
def open_payload(source: BinaryIO, head: RpmHead) -> Iterator[ArchiveStream]:
    """The decompressed payload of an RPM file, which is compressed as its header says and in no other way (`rpm-header`)."""
    kind, magic = _PAYLOADS[head.compressor]
    found = _File(source).read_at(head.payload, len(magic))
    if found != magic:
        raise ArchiveError("rpm-header", expected=f"a payload compressed by {head.compressor}", found=repr(found))
    with _decompressed(source, kind, head.payload) as stream:
        yield stream


@contextmanager
def _decompressed(source: BinaryIO, kind: ArchiveKind, start: int) -> Iterator[ArchiveStream]:
    """What lies in a file from `start` to its end."""
    source.seek(start)
    if kind == "xz":
        stream = XzStream(source, start)
        try:
            yield stream
        finally:
            stream.close()
    elif kind == "zst":
        yield _ZstStream(source, start)
    elif kind == "tar":
        yield _PlainStream(source)
    else:
        yield _MemberStream(source, _FORMATS[kind])


def archive_type(source: BinaryIO) -> ArchiveKind:
    """Which kind of archive a seekable file is; it is left at its beginning (`archive-type-unknown`)."""
    head = source.read(BLOCK)
    source.seek(0)
    magics: tuple[tuple[tuple[bytes, ...], ArchiveKind], ...] = (
        ((GZIP_MAGIC,), "gz"), ((BZIP2_MAGIC,), "bz2"), ((XZ_MAGIC,), "xz"), ((ZST_MAGIC,), "zst"), (ZIP_MAGIC, "zip"),
        ((RPM_MAGIC,), "rpm"),
    )  # fmt: skip
    for magic, kind in magics:
        if head.startswith(magic):
            return kind
    if is_header(head):
        return "tar"
    raise UnusableInputError("archive-type-unknown", expected=KINDS, found=repr(head[:8]))


class _Decompressor(Protocol):
    """One member's decompressor: bounded output, and what came after the member's end."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """(at most 4 chunks of output, input that was not consumed yet)."""
        ...

    @property
    def starving(self) -> bool:
        """Whether nothing more comes out without more input."""
        ...


class _Gzip:
    magic, name, errors = GZIP_MAGIC, "gzip", (inflate.error, zlib.error)

    def __init__(self) -> None:
        self._unpack = inflate.decompressobj(_GZIP_WBITS)

    @property
    def eof(self) -> bool:
        return bool(self._unpack.eof)

    @property
    def unused_data(self) -> bytes:
        data: bytes = self._unpack.unused_data
        return data

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        made: bytes = self._unpack.decompress(data, 4 * CHUNK_BYTES)
        return made, self._unpack.unconsumed_tail

    starving = True


class _Bzip2:
    magic, name, errors = BZIP2_MAGIC, "bzip2", (OSError, EOFError, ValueError)

    def __init__(self) -> None:
        self._unpack = bz2.BZ2Decompressor()

    @property
    def eof(self) -> bool:
        return self._unpack.eof

    @property
    def unused_data(self) -> bytes:
        return self._unpack.unused_data

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        return self._unpack.decompress(data, 4 * CHUNK_BYTES), b""

    @property
    def starving(self) -> bool:
        return self._unpack.needs_input


_Format = type[_Gzip] | type[_Bzip2]
_FORMATS: dict[str, _Format] = {"gz": _Gzip, "bz2": _Bzip2}


class _MemberStream:
    """gzip and bzip2: reads member after member; memory stays at a few chunks."""

    def __init__(self, source: BinaryIO, kind: _Format) -> None:
        self._source = source
        self._kind = kind
        self._unpack: _Decompressor = kind()
        self._pending = b""
        self._ready = bytearray()
        self._place = 0
        self._members = 1
        self._ended = False
        self.consumed = 0

    @property
    def flags(self) -> tuple[tuple[str, str], ...]:
        return (("stream-concatenated", f"{self._members} {self._kind.name} members"),) if self._members > 1 else ()

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
        if not self._pending and (self._unpack.starving or self._unpack.eof):
            self._pending = self._source.read(CHUNK_BYTES)
            self.consumed += len(self._pending)
            if not self._pending:
                self._end()
                return
        if self._unpack.eof:
            self._next_member()
        try:
            made, self._pending = self._unpack.feed(self._pending)
        except self._kind.errors as error:
            raise ArchiveError("stream-malformed", expected=f"{self._kind.name} data", found=str(error)) from error
        self._ready += made
        if self._unpack.eof:
            self._pending = self._unpack.unused_data

    def _end(self) -> None:
        if not self._unpack.eof:
            raise ArchiveError(
                "stream-truncated", expected=f"the end of the {self._kind.name} data", found="the end of the file"
            )
        self._ended = True

    def _next_member(self) -> None:
        if not self._pending.startswith(self._kind.magic[: len(self._pending)]):
            raise ArchiveError(
                "stream-trailing", expected=f"nothing after the {self._kind.name} data", found=repr(self._pending[:8])
            )
        self._unpack = self._kind()
        self._members += 1


class _ZstStream:
    """Zstandard: its frames are walked first, so that nothing comes out of a file that is cut short or goes on."""

    def __init__(self, source: BinaryIO, start: int = 0) -> None:
        if zstandard is None:
            raise UnavailableError("zstd-missing", expected="the zstandard package", found="none")
        size = os.fstat(source.fileno()).st_size
        self._frames = count_frames(
            lambda offset, count: os.pread(source.fileno(), count, start + offset), size - start
        )
        self._source = source
        unpack = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)
        self._stream = unpack.stream_reader(source, read_size=CHUNK_BYTES, read_across_frames=True, closefd=False)

    @property
    def flags(self) -> tuple[tuple[str, str], ...]:
        return (("stream-concatenated", f"{self._frames} zstd frames"),) if self._frames > 1 else ()

    @property
    def consumed(self) -> int:
        return self._source.tell()

    def read(self, count: int, /) -> bytes:
        pieces, left = [], count
        while left:
            try:
                piece = self._stream.read(left)
            except zstandard.ZstdError as error:
                raise ArchiveError("stream-malformed", expected="zstd data", found=str(error)) from error
            if not piece:
                break
            pieces.append(piece)
            left -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def finish(self) -> None:
        if self.read(1):
            raise AssertionError("the stream was not read to its end")


class _PlainStream:
    """A tar file as it is."""

    flags: tuple[tuple[str, str], ...] = ()

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.consumed = 0

    def read(self, count: int, /) -> bytes:
        data = self._source.read(count)
        self.consumed += len(data)
        return data

    def finish(self) -> None:
        if self.read(1):
            raise AssertionError("the stream was not read to its end")


class _File:
    """A file that can be read anywhere."""

    def __init__(self, source: BinaryIO) -> None:
        self._descriptor = source.fileno()
        self.size = os.fstat(self._descriptor).st_size

    def read_at(self, offset: int, count: int) -> bytes:
        return os.pread(self._descriptor, count, offset)
