"""The sentence in its two halves, and the leaves of the marks' root."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.rules.anchor import Region
from reviews.rules.coverage import LEVELS, Mark, Share
from reviews.rules.hidden import describe, is_hidden, label
from reviews.rules.predicate import BuildsFacts, machines_found, mark_lines, people_state
from reviews.rules.words import check_words
from transparency.proofs.canonical import parse_canonical
from transparency.proofs.errors import EvidenceError

OUTCOMES = ["valid", "invalid", "unsigned", "unknown-key", "expired", "revoked", "weak", "unavailable"]

marks = st.lists(
    st.builds(
        lambda blob, start, more, level, person: Mark(blob * 64, Region(start, start + more), level, person),
        st.sampled_from("abc"),
        st.integers(1, 12),
        st.integers(0, 3),
        st.sampled_from(LEVELS),
        st.integers(1, 3),
    ),
    max_size=12,
)


@given(marks=marks)
@settings(max_examples=100, deadline=None)
def test_the_leaves_are_canonical_sorted_and_say_nothing_of_people(marks: list[Mark]) -> None:
    lines = mark_lines(marks)
    assert list(lines) == sorted(set(lines))
    for line in lines:
        assert line.endswith(b"\n")
        assert set(json.loads(line)) == {"blob", "end", "level", "start"}
        parse_canonical(line[:-1], limit=1000)
    assert {(mark.blob, mark.region, mark.level) for mark in marks} == {
        (item["blob"], Region(item["start"], item["end"]), item["level"]) for item in map(json.loads, lines)
    }


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_only_a_valid_verdict_speaks_of_a_valid_signature(outcome: str) -> None:
    text = machines_found(outcome, "the-code", ())
    assert ("valid signature by a key enrolled" in text) is (outcome == "valid")
    assert "(the-code)" in text
    assert text.endswith("no builds were given, so no rebuild was attempted.")


def test_an_unknown_verdict_is_never_put_into_words() -> None:
    with pytest.raises(EvidenceError) as refusal:
        machines_found("excellent", "excellent", ())
    assert refusal.value.code == "verdict-unknown"


def test_lists_of_different_verdicts_are_told_apart() -> None:
    builds = (
        BuildsFacts("valid", equal=1, different=1, missing=0, not_listed=1),
        BuildsFacts("valid", equal=2, different=0, missing=0, not_listed=0),
        BuildsFacts("unsigned", equal=4, different=0, missing=0, not_listed=0),
        BuildsFacts(None, equal=0, different=0, missing=0, not_listed=7),
    )
    text = machines_found("valid", "valid", builds)
    assert "in 2 imports, under checksum lists with a valid signature, 3 are listed and equal, 1 differs" in text
    assert "in 1 import, under a checksum list with no signature, 4 are listed and equal" in text
    assert "the 7 build files in 1 import came without a checksum list" in text


def test_the_peoples_half_speaks_of_no_machine_and_the_machines_of_no_people() -> None:
    people = people_state("North", Share(in_scope=10, read=1), unread_by_all=9)
    assert people == (
        "1 person of North states that they read 1 of 10 lines of text in scope; "
        "9 lines nobody of this authority read; 0 lines 2 or more people of this authority read."
    )
    machines = machines_found("valid", "valid", ())
    assert "Machines" not in people
    assert "person" not in machines
    assert "read" not in machines


@pytest.mark.parametrize("text", ["a\r\nb", "a\rb", " a\nb \n"])
def test_line_ends_become_lf(text: str) -> None:
    assert check_words(text, limit=10, where="x") == "a\nb"


@given(char=st.characters(exclude_categories=()))
@settings(max_examples=300, deadline=None)
def test_every_character_has_a_visible_label(char: str) -> None:
    for text in (label(char), describe(char)):
        assert text.isascii()
        assert not any(map(is_hidden, text))
