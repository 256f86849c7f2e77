"""The lines that differ: applied to the first text they give the second, and an answer that is none is refused."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transparency.proofs.comparisons.classes import WHEN_ASKED, Difference, FileClass
from transparency.proofs.comparisons.fields import join_fields, split_fields
from transparency.proofs.comparisons.lines import MAX_LINE_BYTES, changed_lines, format_lines, parse_lines, split_lines
from transparency.proofs.comparisons.questions import (
    answer,
    ask_attributes,
    ask_contents,
    ask_lines,
    ask_m4,
    read_attributes,
    read_contents,
    read_lines,
    read_m4,
)
from transparency.proofs.comparisons.result import Result, format_result, parse_result
from transparency.proofs.errors import EvidenceError

TEXTS = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\r\n", b"d"]), max_size=30).map(b"".join)


@given(TEXTS, TEXTS)
def test_removed_and_added_lines_turn_the_first_text_into_the_second(first: bytes, second: bytes) -> None:
    changed = changed_lines(first, second)
    left, right = split_lines(first), split_lines(second)
    assert b"".join(left) == first
    removed = {row.first for row in changed.rows if row.sign == "-"}
    added = {row.second for row in changed.rows if row.sign == "+"}
    assert (len(removed), len(added)) == (changed.removed, changed.added)
    kept = [line for number, line in enumerate(left, start=1) if number not in removed]
    assert kept == [line for number, line in enumerate(right, start=1) if number not in added]
    for row in changed.rows:
        assert not row.first or left[row.first - 1] == row.text
        assert not row.second or right[row.second - 1] == row.text


@given(TEXTS, TEXTS)
def test_an_answer_says_what_was_found(first: bytes, second: bytes) -> None:
    changed = changed_lines(first, second)
    assert parse_lines(format_lines(changed)) == changed
    assert read_lines(answer(ask_lines(first, second))) == changed


def test_a_long_line_is_cut_and_many_rows_end_somewhere() -> None:
    changed = changed_lines(b"x\n", b"y" * (MAX_LINE_BYTES + 1))
    assert [row.cut for row in changed.rows] == [False, True]
    many = changed_lines(b"", b"\n" * 5000)
    assert (many.added, many.is_whole, len(many.rows)) == (5000, False, 2000)


@pytest.mark.parametrize(
    "fields", [[], [b"1 2"], [b"0 0 1", b"x1 1 0", b"a"], [b"0 0 1", b" 1 1 0"], [b"0 0 1", b" -1 1 0", b"a"]]
)
def test_an_answer_of_another_shape_is_refused(fields: list[bytes]) -> None:
    with pytest.raises(EvidenceError, match="fields-malformed"):
        parse_lines(fields)


def test_an_answer_can_choose_among_classes_and_nothing_else() -> None:
    asked = ask_contents([(b"a\n", b"a\r\n", False), (b"a", b"b", False)])
    assert [each.value for each in read_contents(answer(asked), count=2)] == ["line-ends", "content-differs"]
    for false in (join_fields([b"export-ignored"]), join_fields([b"identical"]), join_fields([]), b"\0"):
        with pytest.raises(EvidenceError):
            read_contents(false, count=1)


def test_an_answer_about_attributes_names_a_file_that_was_asked_about() -> None:
    asked = ask_attributes([(b".gitattributes", b"a export-ignore\nb export-subst\n")], [b"a", b"b"])
    assert read_attributes(answer(asked), count=2, files=1) == [((0, 1), None), (None, (0, 2))]
    for false in ([b"1:1", b""], [b"0:x", b""], [b"0:1"]):
        with pytest.raises(EvidenceError, match="answer-malformed"):
            read_attributes(join_fields(false), count=1, files=1)


@given(st.lists(st.binary(max_size=5)))
def test_fields_come_back_as_they_were(fields: list[bytes]) -> None:
    assert split_fields(join_fields(fields)) == fields


PLACES = st.one_of(st.none(), st.integers(0, 99))
DIFFERENCES = st.builds(
    Difference,
    st.sampled_from(sorted(set(FileClass) - WHEN_ASKED)),
    PLACES,
    PLACES,
    st.booleans(),
    st.one_of(st.none(), st.tuples(st.integers(0, 9), st.integers(1, 9))),
)


@given(st.integers(0, 10**6), st.lists(DIFFERENCES, max_size=9))
def test_a_result_is_read_as_it_was_kept(same: int, files: list[Difference]) -> None:
    result = Result("a" * 64, "b" * 64, same, tuple(files))
    assert parse_result(format_result(result)) == result
    assert sum(result.counts.values()) == same + len(files)
    with pytest.raises(EvidenceError, match="comparison-malformed"):
        parse_result(format_result(result) + b"\n")


def test_what_is_said_when_it_is_asked_is_never_kept() -> None:
    for kind in WHEN_ASKED:
        with pytest.raises(EvidenceError, match="comparison-malformed"):
            parse_result(format_result(Result("a" * 64, "b" * 64, 0, (Difference(kind, None, 1),))))


def test_an_answer_about_m4_files_has_a_serial_and_a_digest_for_each() -> None:
    assert read_m4(answer(ask_m4([b"# serial 3\nx\n"])), count=1) == [("3", sha256(b"x\n").hexdigest())]
    for false in ([b"3"], [b"3", b"00"], [b"x", b"0" * 64], [b"", b"0" * 64, b"", b"0" * 64]):
        with pytest.raises(EvidenceError, match="answer-malformed"):
            read_m4(join_fields(false), count=1)
