"""How two trees differ, file by file, in counts. Both are file tables, sorted by path, and are walked side by side.

>>> compare_tables((), ())
TreeDifference(same=0, changed=0, only_first=0, only_second=0)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from transparency.proofs.filetable import FileEntry


@dataclass(frozen=True, slots=True)
class TreeDifference:
    """Numbers of paths: with the same content and mode, with another, and in one of the trees alone."""

    same: int
    changed: int
    only_first: int
    only_second: int

    @property
    def is_equal(self) -> bool:
        return not (self.changed or self.only_first or self.only_second)


def compare_tables(first: Iterable[FileEntry], second: Iterable[FileEntry]) -> TreeDifference:
    """Return the counts; both must be sorted by raw path, each path once, as file tables are."""
    same = changed = only_first = only_second = 0
    left, right = iter(first), iter(second)
    ours, theirs = next(left, None), next(right, None)
    while ours or theirs:
        if theirs is None or (ours and ours.path < theirs.path):
            only_first += 1
            ours = next(left, None)
        elif ours is None or theirs.path < ours.path:
            only_second += 1
            theirs = next(right, None)
        else:
            equal = (ours.mode, ours.sha256) == (theirs.mode, theirs.sha256)
            same, changed = same + equal, changed + (not equal)
            ours, theirs = next(left, None), next(right, None)
    return TreeDifference(same, changed, only_first, only_second)
