"""A real value with one thing changed: each bit pattern of each byte, each length cut short, each kind of byte put behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The lowest bit, the bit of upper and lower case, the highest bit, and all.
_FLIPS = (0x01, 0x20, 0x80, 0xFF)
_BEHIND = (b"\0", b"\n", b" ", b"=", b"A", b"\x80", b"\xff")

Value = TypeVar("Value")


def mutations(value: bytes) -> Iterator[bytes]:
    """Every value that differs from this one in one place."""
    for place in range(len(value)):
        for flip in _FLIPS:
            yield value[:place] + bytes([value[place] ^ flip]) + value[place + 1 :]
        yield value[:place]
    for more in (*_BEHIND, value):
        yield value + more
        yield more + value


def accepted(value: bytes, parse: Callable[[bytes], Value], promised: set[str]) -> list[tuple[bytes, Value]]:
    """The mutations that `parse` takes, beside what it found; the others are refused by one of the codes that it promises."""
    found = []
    for mutated in mutations(value):
        try:
            found.append((mutated, parse(mutated)))
        except EvidenceError as error:
            assert error.code in promised, (error.code, mutated)
    return found


def of_text(parse: Callable[[str], Value]) -> Callable[[bytes], Value]:
    """A parser of text, fed with bytes as files are read."""
    return lambda data: parse(data.decode("utf-8", "replace"))
