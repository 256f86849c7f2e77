"""Kept comparisons, and lines that a contained process answers, with one thing changed: refused, or of one spelling."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.proofs.mutations import accepted
from transparency.proofs.comparisons.classes import Difference, FileClass
from transparency.proofs.comparisons.lines import changed_lines, format_lines, parse_lines
from transparency.proofs.comparisons.result import Result, format_result, parse_result
from transparency.proofs.errors import EvidenceError


def test_a_changed_result_is_refused_or_has_one_spelling() -> None:
    files = (Difference(FileClass.ONLY_SECOND, None, 7), Difference(FileClass.ONLY_FIRST, 3, None))
    value = format_result(Result("a" * 64, "b" * 64, 3, files))
    for data, found in accepted(value, parse_result, {"comparison-malformed"}):
        assert format_result(found) == data


@given(
    st.lists(st.sampled_from([b"a\n", b"b\n", b"\xff\n", b"c"]), max_size=30),
    st.lists(st.binary(max_size=5), max_size=30),
)
def test_changed_lines_of_any_two_texts_read_back(first: list[bytes], second: list[bytes]) -> None:
    changed = changed_lines(b"".join(first), b"\n".join(second))
    assert parse_lines(format_lines(changed)) == changed


@given(st.lists(st.binary(max_size=12), max_size=7))
def test_other_fields_are_refused_or_read_back(fields: list[bytes]) -> None:
    try:
        found = parse_lines(fields)
    except EvidenceError as error:
        assert error.code == "fields-malformed"
    else:
        assert parse_lines(format_lines(found)) == found
