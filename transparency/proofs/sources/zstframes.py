"""The frames of a Zstandard file, walked without decompressing (RFC 8878 section 3.1): where the data ends, and how many parts it has.

Libraries read over the end of a torn last frame, or stop silently before trailing data; here both are told before anything comes out.

>>> count_frames(lambda offset, count: bytes.fromhex("28b52ffd2000010000")[offset : offset + count], 9)
1
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.proofs.sources.archive import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Callable

MAGIC = b"\x28\xb5\x2f\xfd"
# More memory than `zstd -19 --long=27` asks for would be an attack on ours.
MAX_WINDOW_BYTES = 128 * 1024 * 1024
MAX_FRAMES = 100_000
_SKIPPABLE = 0x184D2A50
_RESERVED_BIT, _CHECKSUM_BIT, _SINGLE_SEGMENT_BIT = 0x08, 0x04, 0x20
_RLE_BLOCK, _RESERVED_BLOCK = 1, 3
_CHECKSUM_BYTES = 4


def count_frames(read_at: Callable[[int, int], bytes], size: int) -> int:
    """How many frames a file of `size` bytes consists of: `stream-truncated`, `stream-trailing`, `stream-malformed`."""
    place = frames = 0
    while place < size:
        head = read_at(place, 18)
        number = int.from_bytes(head[:4], "little")
        if head.startswith(MAGIC):
            place = _after_frame(read_at, place, head, size)
        elif number & ~0x0F == _SKIPPABLE and frames:
            place += 8 + int.from_bytes(head[4:8], "little") if len(head) >= 8 else size  # noqa: PLR2004 - magic and length
        else:
            raise ArchiveError("stream-trailing", expected="nothing after a zstd frame", found=repr(head[:4]))
        if place > size:
            raise ArchiveError("stream-truncated", expected="the end of the zstd frame", found="the end of the file")
        frames += 1
        if frames > MAX_FRAMES:
            raise ArchiveError("stream-malformed", expected=f"at most {MAX_FRAMES} frames", found="more")
    return frames


def _after_frame(read_at: Callable[[int, int], bytes], place: int, head: bytes, size: int) -> int:
    if len(head) < 6:  # noqa: PLR2004 - magic, descriptor and one byte of window or content size
        return size + 1
    descriptor = head[4]
    if descriptor & _RESERVED_BIT:
        raise ArchiveError("stream-malformed", expected="a zstd frame header", found=f"descriptor 0x{descriptor:02x}")
    single = bool(descriptor & _SINGLE_SEGMENT_BIT)
    content_bytes = (1 if single else 0, 2, 4, 8)[descriptor >> 6]
    dictionary_bytes = (0, 1, 2, 4)[descriptor & 3]
    if dictionary_bytes:
        raise ArchiveError("stream-malformed", expected="a frame without a dictionary", found="one with a dictionary")
    start = 5 + (0 if single else 1)
    window = int.from_bytes(head[start : start + content_bytes], "little") if single else _window(head[5])
    if window > MAX_WINDOW_BYTES:
        raise ArchiveError(
            "stream-malformed", expected=f"a window of at most {MAX_WINDOW_BYTES} bytes", found=str(window)
        )
    place += start + content_bytes
    last = False
    while not last:
        raw = read_at(place, 3)
        if len(raw) < 3:  # noqa: PLR2004 - a block header
            return size + 1
        header = int.from_bytes(raw, "little")
        last, kind, length = bool(header & 1), header >> 1 & 3, header >> 3
        if kind == _RESERVED_BLOCK:
            raise ArchiveError("stream-malformed", expected="a zstd block", found="a reserved block type")
        place += 3 + (1 if kind == _RLE_BLOCK else length)
    return place + (_CHECKSUM_BYTES if descriptor & _CHECKSUM_BIT else 0)


def _window(descriptor: int) -> int:
    base = 1 << (10 + (descriptor >> 3))
    return base + base // 8 * (descriptor & 7)
