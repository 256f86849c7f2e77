"""Regions of a file's lines, 1-based and inclusive (DESIGN section 2), and sets of them.

Only LF ends a line; a last line without LF counts. A set of regions is kept as a sorted tuple of regions that neither
overlap nor touch, so that counting its lines counts nothing twice.

>>> union([Region(4, 6), Region(1, 2), Region(3, 3), Region(9, 9)])
(Region(start=1, end=6), Region(start=9, end=9))
>>> subtract(Region(1, 10), [Region(3, 4), Region(9, 12)])
(Region(start=1, end=2), Region(start=5, end=8))
>>> check_region(3, 9, lines=5)
Traceback (most recent call last):
    ...
transparency.proofs.errors.EvidenceError: region-outside-file: expected 1 <= start <= end <= 5, found 3-9
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, order=True)
class Region:
    start: int
    end: int

    def __post_init__(self) -> None:
        if not 1 <= self.start <= self.end:
            raise EvidenceError("region-malformed", expected="1 <= start <= end", found=f"{self.start}-{self.end}")

    @property
    def lines(self) -> int:
        return self.end - self.start + 1

    def overlaps(self, other: Region) -> bool:
        return self.start <= other.end and other.start <= self.end


def check_region(start: int, end: int, *, lines: int) -> Region:
    """Return the region when it lies in a file of `lines` lines; raise `region-outside-file` otherwise."""
    if not 1 <= start <= end <= lines:
        raise EvidenceError("region-outside-file", expected=f"1 <= start <= end <= {lines}", found=f"{start}-{end}")
    return Region(start, end)


def union(regions: Iterable[Region]) -> tuple[Region, ...]:
    """Return the lines of all regions, once each."""
    merged: list[Region] = []
    for region in sorted(regions):
        if merged and region.start <= merged[-1].end + 1:
            merged[-1] = Region(merged[-1].start, max(merged[-1].end, region.end))
        else:
            merged.append(region)
    return tuple(merged)


def subtract(region: Region, cuts: Iterable[Region]) -> tuple[Region, ...]:
    """Return what is left of `region` without the lines of `cuts`."""
    left: list[Region] = []
    start = region.start
    for cut in union(cuts):
        if cut.end < start:
            continue
        if cut.start > region.end:
            break
        if cut.start > start:
            left.append(Region(start, cut.start - 1))
        start = cut.end + 1
    if start <= region.end:
        left.append(Region(start, region.end))
    return tuple(left)


def in_common(first: Iterable[Region], second: Iterable[Region]) -> tuple[Region, ...]:
    """Return the lines that are in both."""
    ones, twos = union(first), union(second)
    shared: list[Region] = []
    i = j = 0
    while i < len(ones) and j < len(twos):
        one, two = ones[i], twos[j]
        if one.overlaps(two):
            shared.append(Region(max(one.start, two.start), min(one.end, two.end)))
        if one.end < two.end:
            i += 1
        else:
            j += 1
    return tuple(shared)


def count_lines(regions: Iterable[Region]) -> int:
    """Return how many different lines the regions have."""
    return sum(region.lines for region in union(regions))
