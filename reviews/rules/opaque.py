r"""What can be said of bytes that have no lines: what they begin like, rows of hex, printable runs, how evenly bytes are spread.

Nothing is parsed: each is a look at the bytes themselves, bounded by its arguments.

>>> begins_like(b"\x7fELF\x02\x01"), begins_like(b"nothing known")
('ELF executable or object', '')
>>> hex_rows(b"\x00AB\xff", 0, 16)
(HexRow(offset=0, octets=('00 41 42 ff', ''), chars=('·AB·', '')),)
>>> printable_runs(b"\x00\x01hello\x00ok\x00world!", 0, 10).runs
(Run(offset=2, text='hello'), Run(offset=11, text='world!'))
>>> [round(each, 3) for each in entropies(bytes(range(256)) + bytes(256), 2)]
[8.0, 0.0]
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from math import log2

ROW_BYTES = 16
SHORTEST_RUN = 4
LONGEST_SHOWN = 200
SAMPLE_BYTES = 16 * 1024  # of each block, from its beginning
_PRINTABLE = range(0x20, 0x7F)
_HALF = ROW_BYTES // 2
_RUN = re.compile(rb"[\x20-\x7e]{%d,}" % SHORTEST_RUN)
# (offset, bytes, what begins so). First match counts; from the lists of file(1) and the formats' own specifications.
_BEGINNINGS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x7fELF", "ELF executable or object"),
    (0, b"MZ", "DOS or Windows executable"),
    (0, b"\xcf\xfa\xed\xfe", "Mach-O executable, 64 bits"),
    (0, b"\xce\xfa\xed\xfe", "Mach-O executable, 32 bits"),
    (0, b"\xca\xfe\xba\xbe", "Java class or universal Mach-O"),
    (0, b"\0asm", "WebAssembly module"),
    (0, b"BC\xc0\xde", "LLVM bitcode"),
    (0, b"!<arch>\ndebian", "Debian package"),
    (0, b"!<arch>\n", "ar archive or static library"),
    (0, b"\xed\xab\xee\xdb", "RPM package"),
    (0, b"PK\x03\x04", "zip archive, or a format made of one"),
    (0, b"\x1f\x8b", "gzip compressed data"),
    (0, b"BZh", "bzip2 compressed data"),
    (0, b"\xfd7zXZ\0", "xz compressed data"),
    (0, b"\x28\xb5\x2f\xfd", "Zstandard compressed data"),
    (0, b"\x04\x22\x4d\x18", "LZ4 compressed data"),
    (0, b"7z\xbc\xaf\x27\x1c", "7-Zip archive"),
    (0, b"Rar!\x1a\x07", "RAR archive"),
    (0, b"MSCF", "Microsoft cabinet archive"),
    (257, b"ustar", "tar archive"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG image"),
    (0, b"\xff\xd8\xff", "JPEG image"),
    (0, b"GIF8", "GIF image"),
    (0, b"BM", "BMP image"),
    (0, b"\0\0\1\0", "Windows icon"),
    (8, b"WEBP", "WebP image"),
    (8, b"WAVE", "WAV sound"),
    (0, b"OggS", "Ogg media"),
    (0, b"fLaC", "FLAC sound"),
    (0, b"ID3", "MP3 sound"),
    (4, b"ftyp", "MP4 or related media"),
    (0, b"%PDF-", "PDF document"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "OLE compound file, such as old Office documents"),
    (0, b"wOFF", "WOFF font"),
    (0, b"wOF2", "WOFF2 font"),
    (0, b"OTTO", "OpenType font"),
    (0, b"\0\1\0\0\0", "TrueType font"),
    (0, b"SQLite format 3\0", "SQLite database"),
    (0, b"\xd0\x0d\xfe\xed", "flattened device tree"),
    (0, b"\x27\x05\x19\x56", "U-Boot image"),
    (0, b"\xde\x12\x04\x95", "GNU message catalogue"),
    (0, b"\x95\x04\x12\xde", "GNU message catalogue"),
    (0, b"# v2 git bundle", "git bundle"),
    (0, b"PACK", "git pack"),
    (0, b"\xff\xfe", "UTF-16 text, little endian"),
    (0, b"\xfe\xff", "UTF-16 text, big endian"),
)


@dataclass(frozen=True, slots=True)
class HexRow:
    """Sixteen bytes or fewer, in two halves: as hex, and as the characters that ASCII has for them."""

    offset: int
    octets: tuple[str, str]
    chars: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Run:
    """Printable ASCII characters in a row; `text` is cut at LONGEST_SHOWN."""

    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class Runs:
    """`after` is where the next ones are looked for, None at the end."""

    runs: tuple[Run, ...]
    after: int | None


def begins_like(data: bytes) -> str:
    """The format whose first bytes these are, "" for none that is known here. That something begins so does not make it that."""
    return next((name for offset, magic, name in _BEGINNINGS if data.startswith(magic, offset)), "")


def hex_rows(data: bytes, start: int, count: int) -> tuple[HexRow, ...]:
    """The rows of `count` bytes from `start` on."""
    end = min(start + count, len(data))
    return tuple(_hex_row(data[place : min(place + ROW_BYTES, end)], place) for place in range(start, end, ROW_BYTES))


def printable_runs(data: bytes, start: int, most: int) -> Runs:
    """At most `most` runs of at least SHORTEST_RUN characters from `start` on."""
    found: list[Run] = []
    for match in _RUN.finditer(data, start):
        if len(found) == most:
            return Runs(tuple(found), match.start())
        found.append(Run(match.start(), match[0][:LONGEST_SHOWN].decode("ascii")))
    return Runs(tuple(found), None)


def entropies(data: bytes, blocks: int) -> tuple[float, ...]:
    """Bits a byte (0 to 8) of at most `blocks` equal pieces, each measured on its first SAMPLE_BYTES."""
    size = max(-(-len(data) // blocks), 1)
    return tuple(_entropy(data[place : place + min(size, SAMPLE_BYTES)]) for place in range(0, len(data), size))


def _entropy(piece: bytes) -> float:
    total = len(piece)
    return -sum(count / total * log2(count / total) for count in Counter(piece).values()) + 0.0


def _hex_row(piece: bytes, offset: int) -> HexRow:
    halves = piece[:_HALF], piece[_HALF:]
    first, second = ("".join(chr(byte) if byte in _PRINTABLE else "·" for byte in half) for half in halves)
    return HexRow(offset, (halves[0].hex(" "), halves[1].hex(" ")), (first, second))
