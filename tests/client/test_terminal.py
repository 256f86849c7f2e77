from __future__ import annotations

import doctest
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transparency.client import terminal
from transparency.client.terminal import printable, wrapped


def test_the_examples_in_the_module_hold() -> None:
    assert doctest.testmod(terminal).failed == 0


@given(text=st.text())
def test_nothing_that_a_terminal_obeys_passes(text: str) -> None:
    shown = printable(text)
    assert not [character for character in shown if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]


OBEYED = "\x1b\x9b\n\r\t\x7f\x85\u2028\u2029"
DIRECTIONS = "\u061c\u200e\u200f\u202a\u202e\u2066\u2069"
INVISIBLE = "\u200b\ufeff\u00ad\u3164\u115f\u034f\ufe0f\U000e0041\U000e0101\u2800"


@pytest.mark.parametrize("character", [*OBEYED, *DIRECTIONS, *INVISIBLE, "\ud800"])
def test_control_direction_and_invisible_characters_are_shown_as_numbers(character: str) -> None:
    shown = printable(f"a{character}b")
    assert character not in shown
    assert shown.startswith("a\\")
    assert shown.isascii()


def test_ordinary_text_of_any_language_passes() -> None:
    text = "Prüfung, проверка, 検証, بررسی: ok"
    assert printable(text) == text


def test_wrapped_text_keeps_its_indents_and_cannot_begin_a_line_of_its_own() -> None:
    lines = wrapped("word " * 60 + "\n  ok  fake", first="  > ", rest="    ").split("\n")
    assert lines[0].startswith("  > word")
    assert all(line.startswith("    ") for line in lines[1:])
    assert "\\n" in lines[-1]
