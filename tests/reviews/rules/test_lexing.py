"""Runs of colours: they are about the text that was asked for, or they are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexer import Lexer
from pygments.token import Token

from reviews.rules import lexing
from reviews.rules.languages import ALIASES
from reviews.rules.lexing import CLASSES, answer, format_request, format_runs, lex, parse_runs
from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pygments.token import _TokenType

texts = st.text(st.characters(exclude_categories=()), max_size=60)


class _LosesText(Lexer):
    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        yield 1, Token, text[1:]


class _Raises(Lexer):
    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        yield 0, Token, {"": ""}[text]


@given(texts, st.sampled_from(ALIASES))
def test_runs_cover_the_text_and_come_through_the_pipe(text: str, alias: str) -> None:
    runs = lex(text, alias)
    assert sum(runs.lengths) == len(text)
    assert parse_runs(answer(format_request(text, alias)), characters=len(text)) == runs
    assert parse_runs(format_runs(runs), characters=len(text)) == runs


@pytest.mark.parametrize("lexer", [_LosesText(), _Raises()])
def test_a_lexer_that_fails_or_loses_text_is_refused(lexer: Lexer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexing, "get_lexer_by_name", lambda _: lexer)
    with pytest.raises(EvidenceError, match="lexer-failed"):
        lex("int a;", type(lexer).__name__)


@pytest.mark.parametrize(
    ("data", "cheat"),
    [
        (b"\0\0\0\x06", "no colour"),
        (b"\0\0\0\x05\0", "less than the text"),
        (b"\0\0\0\x07\0", "more than the text"),
        (b"\0\0\0\x06\0\0\0\0\0\0", "an empty run"),
        (b"\0\0\0\x06" + bytes([len(CLASSES)]), "a class that there is not"),
        (b"\xff\xff\xff\xff\0\0", "odd bytes"),
    ],
)
def test_an_answer_that_is_not_about_the_text_is_refused(data: bytes, cheat: str) -> None:
    with pytest.raises(EvidenceError, match="lexer-failed"):
        parse_runs(data, characters=6)


@given(st.binary(max_size=40), st.integers(0, 8))
def test_any_answer_is_read_or_refused(data: bytes, characters: int) -> None:
    try:
        runs = parse_runs(data, characters=characters)
    except EvidenceError as error:
        assert error.code == "lexer-failed"
    else:
        assert format_runs(runs) == data
