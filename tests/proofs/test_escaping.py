from __future__ import annotations

import doctest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transparency.proofs import escaping
from transparency.proofs.errors import EvidenceError
from transparency.proofs.escaping import escape_path, unescape_path

PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/+@,=~"


def test_the_worked_example_of_the_module_holds() -> None:
    assert doctest.testmod(escaping).failed == 0


def test_every_byte_is_escaped_as_the_format_says_and_comes_back() -> None:
    for value in range(256):
        byte = bytes([value])
        expected = chr(value) if chr(value) in PLAIN else f"%{value:02X}"
        assert escape_path(byte) == expected
        assert unescape_path(expected) == byte


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_bytes_round_trip_and_the_text_is_plain_ascii_of_one_line(path: bytes) -> None:
    text = escape_path(path)
    assert set(text) <= {*PLAIN, "%"}
    assert unescape_path(text) == path


@given(st.text(st.sampled_from("a%2fF4/ \né~"), max_size=12))
@settings(max_examples=300, deadline=None)
def test_what_is_accepted_has_one_spelling_only(text: str) -> None:
    try:
        path = unescape_path(text)
    except EvidenceError as error:
        assert error.code == "path-escaping"
    else:
        assert escape_path(path) == text


@pytest.mark.parametrize(
    "text", ["%41", "%2f", "%2F", "%", "%2", "%zz", "a b", "é", "a\n", "a%0A\n", "%%", "%C3%a9", "\x00", "%7e"]
)
def test_another_spelling_of_a_path_is_refused(text: str) -> None:
    with pytest.raises(EvidenceError) as refusal:
        unescape_path(text)
    assert refusal.value.code == "path-escaping"
