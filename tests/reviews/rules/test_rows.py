"""Kept rows and the pages that are made of them."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.rules.render import render
from reviews.rules.rows import ROWS_A_PART, Rows, Span, format_rows, keep_rows, parse_rows, splice
from transparency.proofs.errors import EvidenceError

contents = st.lists(st.binary(max_size=12), max_size=30).map(b"\n".join)


@given(contents)
def test_what_is_kept_is_read_back(content: bytes) -> None:
    for rows in keep_rows(render(content, "")):
        assert parse_rows(format_rows(rows)) == rows


def test_a_long_file_is_kept_in_parts_that_begin_where_they_say() -> None:
    parts = keep_rows(render(b"x\n" * (2 * ROWS_A_PART + 1), ""))
    assert [(rows.first, rows.last) for rows in parts] == [
        (1, ROWS_A_PART),
        (ROWS_A_PART + 1, 2 * ROWS_A_PART),
        (2 * ROWS_A_PART + 1, 2 * ROWS_A_PART + 1),
    ]
    assert parts[1].between(ROWS_A_PART + 1, ROWS_A_PART + 1).startswith(f'<tr id="L{ROWS_A_PART + 1}">')


def test_an_empty_file_has_no_parts() -> None:
    assert keep_rows(render(b"", "")) == []


def rows_of(count: int) -> Rows:
    return keep_rows(render(b"".join(b"line %d\n" % number for number in range(1, count + 1)), ""))[0]


@given(st.sets(st.integers(2, 12)), st.sets(st.integers(1, 12)), st.booleans())
def test_every_row_is_there_once_and_notes_stand_after_their_line(
    turns: set[int], noted: set[int], worded: bool
) -> None:
    edges = [1, *sorted(turns), 13]
    spans = [Span(start, after - 1, f"look-{start}", "read" if worded else "") for start, after in pairwise(edges)]
    page = splice(rows_of(12), spans, {line: f"<tr>note {line}</tr>" for line in noted})
    found = re.findall(r'<tr id="L(\d+)"|<tr>note (\d+)</tr>', page)
    expected = [item for line in range(1, 13) for item in [(str(line), "")] + [("", str(line))] * (line in noted)]
    assert found == expected
    assert page.count("<tbody") == page.count("</tbody>") == len(spans)
    assert page.count('<td class="tc-code__mark">read</td>') == (len(spans) if worded else 0)
    assert "".join(re.findall(r"line \d+", page)) == "".join(f"line {number}" for number in range(1, 13))


@pytest.mark.parametrize("damage", [b"", b"x", b"\0" * 60])
def test_damaged_rows_are_refused(damage: bytes) -> None:
    whole = format_rows(rows_of(3))
    for data in (damage, whole[:-1], whole[:20], whole[:40] + b"\xff\xff" + whole[42:], whole + b"x", b"X" + whole[1:]):
        with pytest.raises(EvidenceError, match="rows-damaged"):
            parse_rows(data)
