r"""Which lines differ, as a person reads it: changed lines with three around them. Only LF ends a line, as everywhere.

>>> [(row.sign, row.first, row.second, row.text) for row in changed_lines(b"a\nb\n", b"a\nc\n").rows]
[(' ', 1, 1, b'a\n'), ('-', 2, 0, b'b\n'), ('+', 0, 2, b'c\n')]
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal, cast

from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTEXT = 3
MAX_ROWS = 2000
MAX_LINE_BYTES = 2000
_SIGNS = " -+@"
Sign = Literal[" ", "-", "+", "@"]


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line of one or both sides (number 0: not of that one); `@` stands where lines were left out. `cut`: more of it follows."""

    sign: Sign
    first: int
    second: int
    text: bytes
    cut: bool = False


@dataclass(frozen=True, slots=True)
class ChangedLines:
    """`added` and `removed` count all lines, also where `rows` stop short of the end."""

    rows: tuple[LineRow, ...]
    added: int
    removed: int
    is_whole: bool


def changed_lines(first: bytes, second: bytes) -> ChangedLines:
    """Compare two texts; what equals at both ends is set aside before anything is searched for."""
    left, right = split_lines(first), split_lines(second)
    head = max(0, _equal(left, right) - CONTEXT)
    tail = max(0, _equal(left[head:][::-1], right[head:][::-1]) - CONTEXT)
    matcher = SequenceMatcher(None, left[head : len(left) - tail], right[head : len(right) - tail])
    rows: list[LineRow] = []
    added = removed = 0
    for group in matcher.get_grouped_opcodes(CONTEXT):
        if rows or head or group[0][1]:
            rows.append(LineRow("@", 0, 0, b""))
        for tag, start, end, other, other_end in group:
            if tag != "equal":
                removed, added = removed + end - start, added + other_end - other
            if len(rows) <= MAX_ROWS:
                rows += _rows(tag, left[head:][start:end], right[head:][other:other_end], head + start, head + other)
    return ChangedLines(tuple(rows[:MAX_ROWS]), added, removed, is_whole=len(rows) <= MAX_ROWS)


def split_lines(data: bytes) -> list[bytes]:
    """Lines with their LF; the last may have none."""
    lines = data.split(b"\n")
    tail = lines.pop()
    return [line + b"\n" for line in lines] + ([tail] if tail else [])


def format_lines(changed: ChangedLines) -> list[bytes]:
    """As fields: a head, then for each row its numbers and its text."""
    head = f"{changed.added} {changed.removed} {int(changed.is_whole)}".encode()
    told = (
        field
        for row in changed.rows
        for field in (f"{row.sign}{row.first} {row.second} {int(row.cut)}".encode(), row.text)
    )
    return [head, *told]


def parse_lines(fields: list[bytes]) -> ChangedLines:
    """Raise `fields-malformed` for what `format_lines` does not write."""
    try:
        added, removed, whole = (int(each) for each in fields[0].split(b" "))
        rows = [_row(said, text) for said, text in zip(fields[1::2], fields[2::2], strict=True)]
    except (ValueError, IndexError) as error:
        raise EvidenceError("fields-malformed", expected="changed lines", found=type(error).__name__) from error
    if min(added, removed) < 0 or len(rows) > MAX_ROWS:
        raise EvidenceError("fields-malformed", expected=f"at most {MAX_ROWS} rows", found=str(len(rows)))
    return ChangedLines(tuple(rows), added, removed, bool(whole))


def _row(said: bytes, text: bytes) -> LineRow:
    sign = said[:1].decode("ascii")
    first, second, cut = (int(each) for each in said[1:].split(b" "))
    if sign not in _SIGNS or min(first, second) < 0 or len(text) > MAX_LINE_BYTES:
        raise ValueError(sign)
    return LineRow(cast("Sign", sign), first, second, text, bool(cut))


def _equal(left: list[bytes], right: list[bytes]) -> int:
    """How many lines are the same from the start."""
    pairs = zip(left, right, strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(left), len(right)))


def _rows(tag: str, left: list[bytes], right: list[bytes], before: int, other: int) -> Iterator[LineRow]:
    """Rows of one opcode; `before` and `other` lines stand above it."""
    if tag == "equal":
        for number, line in enumerate(left[: MAX_ROWS + 1], start=1):
            yield _line(" ", before + number, other + number, line)
        return
    for number, line in enumerate(left[: MAX_ROWS + 1], start=1):
        yield _line("-", before + number, 0, line)
    for number, line in enumerate(right[: MAX_ROWS + 1], start=1):
        yield _line("+", 0, other + number, line)


def _line(sign: Sign, first: int, second: int, text: bytes) -> LineRow:
    return LineRow(sign, first, second, text[:MAX_LINE_BYTES], cut=len(text) > MAX_LINE_BYTES)
