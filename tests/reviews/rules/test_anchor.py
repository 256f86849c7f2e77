"""Regions of lines against plain sets of line numbers."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.rules.anchor import Region, check_region, count_lines, in_common, subtract, union
from transparency.proofs.errors import EvidenceError

regions = st.tuples(st.integers(1, 30), st.integers(0, 8)).map(lambda pair: Region(pair[0], pair[0] + pair[1]))


def lines(*of: Region) -> set[int]:
    return {line for region in of for line in range(region.start, region.end + 1)}


@given(first=st.lists(regions, max_size=8), second=st.lists(regions, max_size=8))
@settings(max_examples=200, deadline=None)
def test_regions_behave_as_sets_of_lines(first: list[Region], second: list[Region]) -> None:
    assert lines(*union(first)) == lines(*first)
    assert count_lines(first) == len(lines(*first))
    assert lines(*in_common(first, second)) == lines(*first) & lines(*second)
    for region in first:
        assert lines(*subtract(region, second)) == lines(region) - lines(*second)


@given(of=st.lists(regions, max_size=8))
@settings(max_examples=100, deadline=None)
def test_a_union_has_gaps_between_its_regions(of: list[Region]) -> None:
    merged = union(of)
    assert all(one.end + 1 < two.start for one, two in pairwise(merged))


@pytest.mark.parametrize(("start", "end"), [(0, 1), (1, 11), (5, 4), (-3, 2), (11, 11)])
def test_a_region_outside_the_file_is_refused(start: int, end: int) -> None:
    with pytest.raises(EvidenceError) as refusal:
        check_region(start, end, lines=10)
    assert refusal.value.code == "region-outside-file"


def test_no_region_fits_an_empty_file() -> None:
    with pytest.raises(EvidenceError):
        check_region(1, 1, lines=0)


def test_a_region_cannot_be_built_upside_down() -> None:
    with pytest.raises(EvidenceError) as refusal:
        Region(3, 2)
    assert refusal.value.code == "region-malformed"
