"""The rows of a file's page: parts of a long file, the selected region, marks beside the lines and notes after them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from reviews.rules.coverage import LEVELS
from reviews.rules.render import RenderedFile, render
from transparency.models import Snapshot
from transparency.queries import read_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reviews.models import Note, ReadMark
    from transparency.proofs.filetable import FileEntry

ROWS_A_PART = 5_000
KEPT_FILES = 64
MAX_KEPT_BYTES = 256 * 1024  # of source: what is rendered is some ten times as much
_LINES = re.compile(r"([1-9][0-9]{0,8})(?:-([1-9][0-9]{0,8}))?\Z")
_PART = re.compile(r"[1-9][0-9]{0,5}\Z")


@dataclass(frozen=True, slots=True)
class Line:
    """One row. `mark` is the strongest mark on it; `word` says it where a run of equal marks begins."""

    number: int
    html: str
    mark: str
    word: str
    notes: tuple[Note, ...]
    selected: bool


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


def rendered_file(snapshot: Snapshot, entry: FileEntry) -> RenderedFile:
    """The rows of a file; raises `file-too-large`, `object-damaged`. Small ones are kept for the next page."""
    if entry.size <= MAX_KEPT_BYTES:
        return _kept(snapshot.pk, entry.path)
    return _render(snapshot, entry.path)


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


def lines_of(
    rows: Sequence[str], part: Part, selection: Selection, marks: Iterable[ReadMark], notes: Iterable[Note]
) -> list[Line]:
    """The rows of one part. A note stands after the last line that it is about."""
    levels = _levels(marks, part)
    after: dict[int, list[Note]] = {}
    for note in notes:
        after.setdefault(min(note.end, len(rows)), []).append(note)
    chosen = range(selection.start, selection.end + 1) if selection.given else range(0)
    lines = []
    above = ""
    for number in range(part.first, part.last + 1):
        mark = levels.get(number, "")
        word = mark if mark != above else ""
        lines.append(Line(number, rows[number - 1], mark, word, tuple(after.get(number, ())), number in chosen))
        above = mark
    return lines


def _levels(marks: Iterable[ReadMark], part: Part) -> Mapping[int, str]:
    """The highest level of each line that has one."""
    levels: dict[int, str] = {}
    for mark in sorted(marks, key=lambda each: LEVELS.index(each.level)):
        lines = range(max(mark.start, part.first), min(mark.end, part.last) + 1)
        levels.update(dict.fromkeys(lines, mark.level))
    return levels


@lru_cache(maxsize=KEPT_FILES)
def _kept(snapshot: int, path: bytes) -> RenderedFile:
    return _render(Snapshot.objects.select_related("product").get(pk=snapshot), path)


def _render(snapshot: Snapshot, path: bytes) -> RenderedFile:
    entry, data = read_file(snapshot, path)
    return render(data, entry.language)
