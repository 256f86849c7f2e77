"""The rows of a file's page: parts of a long file, the selected region, marks beside the lines and notes after them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from reviews.rules.coverage import LEVELS
from reviews.rules.rows import ROWS_A_PART, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reviews.models import ReadMark

_LINES = re.compile(r"([1-9][0-9]{0,8})(?:-([1-9][0-9]{0,8}))?\Z")
_PART = re.compile(r"[1-9][0-9]{0,5}\Z")
_SELECTED = "is-selected"


@dataclass(frozen=True, slots=True)
class Selection:
    """Lines that somebody points at, 1-based and inclusive. `given` is False when nothing was asked for."""

    start: int
    end: int
    given: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a file that is cut: its number from 1, first and last line."""

    number: int
    first: int
    last: int


def selection_of(text: str, count: int) -> Selection:
    """What `?lines=3-9` means in a file of `count` lines; everything where it means nothing."""
    match = _LINES.match(text)
    if not match or not count or int(match[1]) > count:
        return Selection(1, max(count, 1), given=False)
    start = int(match[1])
    return Selection(start, min(max(int(match[2] or start), start), count), given=True)


def parts_of(count: int) -> list[Part]:
    starts = range(0, count, ROWS_A_PART)
    return [Part(n, first + 1, min(first + ROWS_A_PART, count)) for n, first in enumerate(starts, start=1)]


def part_of(text: str, selection: Selection, parts: Sequence[Part]) -> Part:
    """The part that `?part=2` asks for, else the one that the selection begins in."""
    number = int(text) if _PART.match(text) else (selection.start - 1) // ROWS_A_PART + 1
    return parts[min(number, len(parts)) - 1]


def spans_of(part: Part, selection: Selection, marks: Iterable[ReadMark]) -> list[Span]:
    """What each line looks like: the strongest mark on it, and whether it is selected. A run of one mark says so once."""
    strength = bytearray(part.last - part.first + 1)
    turns = {part.first, part.last + 1}
    for mark in sorted(marks, key=lambda each: LEVELS.index(each.level)):
        start, after = max(mark.start, part.first), min(mark.end, part.last) + 1
        if start < after:
            strength[start - part.first : after - part.first] = bytes([1 + LEVELS.index(mark.level)]) * (after - start)
            turns |= {start, after}
    chosen = range(selection.start, selection.end + 1) if selection.given else range(0)
    turns |= {line for line in (selection.start, selection.end + 1) if chosen and part.first < line <= part.last}
    spans: list[Span] = []
    above = 0
    for start, after in pairwise(sorted(turns)):
        level = strength[start - part.first]
        word = LEVELS[level - 1] if level else ""
        look = " ".join(each for each in (f"is-{word}" if word else "", _SELECTED if start in chosen else "") if each)
        spans.append(Span(start, after - 1, look, word if level != above else ""))
        above = level
    return spans
