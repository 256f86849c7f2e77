"""Two file tables beside each other, in one pass over their columns: what is the same, what differs, what stands in one alone, what moved.

Nothing is read but paths, digests and modes. A path counts below a folder of its own on either side, so that a tree that was shipped in a
subfolder can be held beside one that was not. Rows are named by their position in their table.

>>> empty = FileTable(format_file_table(()))
>>> compare_tables(empty, empty).counts
TreeCounts(same=0, changed=0, moved=0, only_first=0, only_second=0)
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from transparency.proofs.digest import Digest
from transparency.proofs.filetable import FileTable, format_file_table

__all__ = ["FileTable", "TableDifference", "TreeCounts", "compare_tables", "format_file_table"]

_EMPTY = Digest.of(b"").raw
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TreeCounts:
    """Numbers of files: the same in both, with another content or mode, at another place, in one of the trees alone."""

    same: int
    changed: int
    moved: int
    only_first: int
    only_second: int

    @property
    def is_equal(self) -> bool:
        return not (self.changed or self.moved or self.only_first or self.only_second)


@dataclass(frozen=True, slots=True)
class TableDifference:
    """Positions of everything that is not the same. `contents`: another content (and perhaps mode); `modes`: another mode alone."""

    same: int
    contents: tuple[Pair, ...]
    modes: tuple[Pair, ...]
    moved: tuple[Pair, ...]
    only_first: tuple[int, ...]
    only_second: tuple[int, ...]

    @property
    def counts(self) -> TreeCounts:
        changed = len(self.contents) + len(self.modes)
        return TreeCounts(self.same, changed, len(self.moved), len(self.only_first), len(self.only_second))


def compare_tables(
    first: FileTable, second: FileTable, *, first_below: bytes = b"", second_below: bytes = b""
) -> TableDifference:
    """Compare what lies below a folder of each (b"": all of it)."""
    left, right = _Rows(first, first_below), _Rows(second, second_below)
    waiting = dict(zip(right.paths, range(len(right.paths)), strict=True))
    same, contents, modes, only_first = 0, [], [], []
    for place, path in enumerate(left.paths):
        other = waiting.pop(path, None)
        if other is None:
            only_first.append(place)
        elif left.contents[place] != right.contents[other]:
            contents.append((place + left.start, other + right.start))
        elif left.modes[place] != right.modes[other]:
            modes.append((place + left.start, other + right.start))
        else:
            same += 1
    moved = _moved(left, right, only_first, list(waiting.values()))
    gone, come = {one for one, _ in moved}, {other for _, other in moved}
    return TableDifference(
        same=same,
        contents=tuple(contents),
        modes=tuple(modes),
        moved=tuple((one + left.start, other + right.start) for one, other in moved),
        only_first=tuple(place + left.start for place in only_first if place not in gone),
        only_second=tuple(place + right.start for place in waiting.values() if place not in come),
    )


class _Rows:
    """Columns of what lies below a folder."""

    def __init__(self, table: FileTable, below: bytes) -> None:
        self.start, end = table.span(below)
        self.paths = table.paths(self.start, end, after=len(below) + 1 if below else 0)
        self.contents, self.modes = table.contents(self.start, end), table.modes(self.start, end)


def _moved(left: _Rows, right: _Rows, only_left: list[int], only_right: list[int]) -> list[Pair]:
    """Pairs of one content and mode under two names; of several one with the same last name, else the first. Never an empty file."""
    places: dict[tuple[bytes, int], list[int]] = defaultdict(list)
    for place in only_right:
        if right.contents[place] != _EMPTY:
            places[right.contents[place], right.modes[place]].append(place)
    pairs = []
    for place in only_left:
        if candidates := places.get((left.contents[place], left.modes[place])):
            name = left.paths[place].rpartition(b"/")[2]
            named = (each for each in candidates if right.paths[each].rpartition(b"/")[2] == name)
            other = next(named, candidates[0])
            candidates.remove(other)
            pairs.append((place, other))
    return pairs
