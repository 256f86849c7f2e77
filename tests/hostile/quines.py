"""A gzip file that decompresses to itself, made as Russ Cox describes (https://research.swtch.com/zip, 2010).

The deflate stream is a program of two instructions, each five bytes long: a stored block prints what follows it, and a block of two
matches repeats the last bytes printed. The file holds its own CRC-32: that is affine over GF(2), so the fixed point is solved for.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

STEP = 5
END_OF_DATA = b"\1\0\0\xff\xff"  # an empty stored block, the last one
_CRC_BITS = 32


def gzip_quine(name: bytes = b"r.gz") -> bytes:
    """The file, which carries this name of four bytes."""
    head = b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + name + b"\0"
    size = len(_program(head, END_OF_DATA + bytes(8)))

    def with_crc(value: int) -> bytes:
        return _program(head, END_OF_DATA + struct.pack("<2L", value, size))

    return with_crc(_fixed_point(lambda value: zlib.crc32(with_crc(value))))


def _program(head: bytes, tail: bytes) -> bytes:
    """Prints itself: the head and the first instruction, then instructions that print instructions, then the tail."""
    print_head, again_head = _print(len(head) + STEP), _repeat(len(head) + STEP)
    print_tail, again_tail = _print(len(tail) + STEP), _repeat(len(tail) + STEP)
    one, four, nothing, again = _print(STEP), _print(4 * STEP), _print(0), _repeat(4 * STEP)
    parts = (
        head, print_head, head, print_head, again_head,
        one, again_head, one, one, four, again_head, one, one, four, again,
        four, again, four, again, four, again,
        four, again, nothing, nothing, print_tail, again, nothing, nothing,
        print_tail, again_tail, tail, again_tail, tail,
    )  # fmt: skip
    return b"".join(parts)


def _print(count: int) -> bytes:
    """The head of a stored block: the next `count` bytes are printed as they are."""
    return b"\0" + struct.pack("<2H", count, count ^ 0xFFFF)


def _repeat(count: int) -> bytes:
    """The last `count` bytes once more: two matches in fixed Huffman codes, which are five whole bytes for 17 to 20."""
    bits = [0, 1, 0]
    for length in (count // 2, count - count // 2):
        bits += [*_code(length - 2, 7), *_code(8, 5), *reversed(_code(count - 17, 3))]
    bits += _code(0, 7)
    return bytes(sum(bit << place for place, bit in enumerate(bits[at : at + 8])) for at in range(0, len(bits), 8))


def _code(value: int, width: int) -> list[int]:
    return [value >> place & 1 for place in reversed(range(width))]


def _fixed_point(checksum: Callable[[int], int]) -> int:
    """The value whose checksum is the value: elimination over the bits of an affine map."""
    constant = checksum(0)
    basis: dict[int, tuple[int, int]] = {}

    def reduce(value: int, made_of: int) -> tuple[int, int]:
        while value and value.bit_length() in basis:
            other, parts = basis[value.bit_length()]
            value, made_of = value ^ other, made_of ^ parts
        return value, made_of

    for bit in (1 << place for place in range(_CRC_BITS)):
        value, made_of = reduce(checksum(bit) ^ constant ^ bit, bit)
        if value:
            basis[value.bit_length()] = (value, made_of)
    rest, solution = reduce(constant, 0)
    if rest:
        raise AssertionError("no checksum of this name holds itself; take another name")
    return solution
