"""Git packs, version 2, written in one pass without deltas, and their version 2 index (git's Documentation/gitformat-pack).

The objects are the same for the same tree, the bytes of the pack need not be: what ISA-L makes of one blob differs between processes.

The number of objects stands in the pack's header, so the header is written again at the end; the trailing SHA-1 is over the final bytes.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO

from transparency.proofs.identity import object_id

try:
    from isal import isal_zlib
except ImportError:  # a wheel that not every platform has; the same format, slower
    deflate: Any = zlib
else:
    deflate = isal_zlib

if TYPE_CHECKING:
    from collections.abc import Iterable

TREE, BLOB = 2, 3
LEVEL = 1
_NAMES = {TREE: "tree", BLOB: "blob"}
_CHUNK = 1024 * 1024
_LARGE_OFFSET = 1 << 31


class PackWriter:
    """Appends objects to an empty, seekable, readable file; `finish` completes the pack and returns its index."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._position = 12
        self._index: dict[bytes, tuple[int, int]] = {}
        stream.write(_header(0))

    def __contains__(self, identity: bytes) -> bool:
        return identity in self._index

    def __len__(self) -> int:
        return len(self._index)

    def add(self, kind: int, body: bytes, identity: bytes | None = None) -> bytes:
        """Write one object unless it is there; `identity` is its SHA-1 when the caller has it already."""
        identity = identity or object_id(_NAMES[kind], body)
        if identity not in self._index:
            packed = object_header(kind, len(body)) + deflate.compress(body, LEVEL)
            self._index[identity] = (self._position, zlib.crc32(packed))
            self._stream.write(packed)
            self._position += len(packed)
        return identity

    def add_large(self, size: int, pieces: Iterable[bytes]) -> tuple[bytes, bytes, int, bool]:
        """Write a blob of `size` from pieces, flat in memory; return (sha1, sha256, LF count, last byte is LF).

        The object is written before its name is known; if it was there already, what was written is taken back.
        """
        start = self._position
        packer = deflate.compressobj(LEVEL)
        sha1, sha256 = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False), hashlib.sha256()
        crc, newlines, last = 0, 0, b""

        def write(data: bytes) -> None:
            nonlocal crc
            crc = zlib.crc32(data, crc)
            self._stream.write(data)
            self._position += len(data)

        write(object_header(BLOB, size))
        for piece in pieces:
            sha1.update(piece)
            sha256.update(piece)
            newlines += piece.count(b"\n")
            last = piece[-1:]
            write(packer.compress(piece))
        write(packer.flush())
        identity = sha1.digest()
        if identity in self._index:
            self._stream.seek(start)
            self._stream.truncate()
            self._position = start
        else:
            self._index[identity] = (start, crc)
        return identity, sha256.digest(), newlines, last == b"\n"

    def finish(self) -> bytes:
        """Complete the pack; return the bytes of its `.idx`."""
        self._stream.seek(0)
        self._stream.write(_header(len(self._index)))
        self._stream.seek(0)
        checksum = hashlib.sha1(usedforsecurity=False)
        while chunk := self._stream.read(_CHUNK):
            checksum.update(chunk)
        self._stream.write(checksum.digest())
        self._stream.flush()
        return _format_index(self._index, checksum.digest())


def _header(count: int) -> bytes:
    return struct.pack(">4sII", b"PACK", 2, count)


def object_header(kind: int, size: int) -> bytes:
    first = (kind << 4) | (size & 0x0F)
    size >>= 4
    out = bytearray()
    while size:
        out.append(first | 0x80)
        first = size & 0x7F
        size >>= 7
    out.append(first)
    return bytes(out)


def _format_index(objects: dict[bytes, tuple[int, int]], pack_checksum: bytes) -> bytes:
    names = sorted(objects)
    fanout = [0] * 256
    for name in names:
        fanout[name[0]] += 1
    for byte in range(1, 256):
        fanout[byte] += fanout[byte - 1]
    large: list[int] = []
    offsets = []
    for name in names:
        offset = objects[name][0]
        if offset >= _LARGE_OFFSET:
            offsets.append(_LARGE_OFFSET | len(large))
            large.append(offset)
        else:
            offsets.append(offset)
    body = b"".join(
        (
            b"\xfftOc",
            struct.pack(">I256I", 2, *fanout),
            b"".join(names),
            struct.pack(f">{len(names)}I", *(objects[name][1] for name in names)),
            struct.pack(f">{len(names)}I", *offsets),
            struct.pack(f">{len(large)}Q", *large),
            pack_checksum,
        )
    )
    return body + hashlib.sha1(body, usedforsecurity=False).digest()
