"""PNG pictures of pages made small: the 256 colours used most, one byte a pixel, no filters. https://www.w3.org/TR/png-3/"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 256
_CHANNELS = {(8, 2): 3, (8, 6): 4}  # of (bits, colour type): what browsers write


def size_of(picture: bytes) -> tuple[int, int]:
    """Width and height."""
    if not picture.startswith(SIGNATURE):
        raise ValueError("not a PNG")
    width, height = struct.unpack_from(">II", picture, len(SIGNATURE) + 8)
    return width, height


def shrink(picture: bytes) -> bytes:
    """The same picture with at most 256 colours; a colour that is rarer becomes the nearest of them."""
    width, height = size_of(picture)
    chunks = list(_chunks(picture))
    channels = _CHANNELS[struct.unpack_from(">BB", chunks[0][1], 8)]
    data = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    rows = [
        [row[place : place + 3] for place in range(0, len(row), channels)]
        for row in _unfiltered(data, width * channels, channels)
    ]
    counts = Counter(pixel for row in rows for pixel in row)
    kept = [colour for colour, _ in counts.most_common(_COLOURS)]
    index = {colour: _nearest(colour, kept) for colour in counts}
    pixels = b"".join(b"\0" + bytes([index[pixel] for pixel in row]) for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    packed = zlib.compress(pixels, 9)
    written = ((b"IHDR", head), (b"PLTE", b"".join(kept)), (b"IDAT", packed), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, body) for kind, body in written)


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(SIGNATURE)
    while place < len(picture):
        (size,) = struct.unpack_from(">I", picture, place)
        yield picture[place + 4 : place + 8], picture[place + 8 : place + 8 + size]
        place += size + 12


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _unfiltered(data: bytes, width: int, step: int) -> Iterator[bytes]:
    above = bytearray(width)
    for place in range(0, len(data), width + 1):
        row = bytearray(data[place + 1 : place + 1 + width])
        kind = data[place]
        for at in range(width) if kind else ():
            left, corner = (row[at - step], above[at - step]) if at >= step else (0, 0)
            row[at] = (row[at] + _predicted(kind, left, above[at], corner)) & 0xFF
        above = row
        yield bytes(row)


def _predicted(kind: int, left: int, above: int, corner: int) -> int:
    if kind == 4:
        guess = left + above - corner
        return min((left, above, corner), key=lambda value: abs(guess - value))
    return (0, left, above, (left + above) // 2)[kind]


def _nearest(colour: bytes, kept: list[bytes]) -> int:
    return min(range(len(kept)), key=lambda at: sum((a - b) ** 2 for a, b in zip(colour, kept[at], strict=True)))
