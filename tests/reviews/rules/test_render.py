"""Rows of HTML from hostile text: the count of rows, the text in them, and no element but span."""

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reviews.rules.languages import LANGUAGES, lexer_name
from reviews.rules.render import MAX_BYTES, class_names, count_rows, render
from transparency.proofs.errors import EvidenceError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reviews.rules.lexing import Runs

_TOKEN = re.compile(r'<span class="hidden-char" title="[^"<>]*">([^<]*)</span>')
_LINE_END = '<span class="line-end" title="U+000D CARRIAGE RETURN"></span>'
_TAG = re.compile(r"<[^>]*>")
_ALLOWED = re.compile(r'<span class="[a-z0-9-]+"(?: title="[^"<>]*")?>|</span>\Z')


def original(row: str) -> str:
    """The text that a row stands for: tokens back to characters, tags away, entities back."""

    def char(match: re.Match[str]) -> str:
        name = match[1]
        code = (0xDC00 if name.startswith("0x") else 0) + int("0x" + name[2:], 0)
        return f"&#x1;{code:X};"

    kept = _TOKEN.sub(char, row.replace(_LINE_END, "&#x1;D;"))
    text = unescape(_TAG.sub("", kept.replace("&#x1;", "\x01")))
    return re.sub("\x01([0-9A-F]+);", lambda match: chr(int(match[1], 16)), text)


class _Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag == "span"
        assert {name for name, _ in attrs} <= {"class", "title"}
        self.open += 1

    def handle_endtag(self, tag: str) -> None:
        assert tag == "span"
        self.open -= 1
        assert self.open >= 0

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)


def check(content: bytes, language: str) -> None:
    rendered = render(content, language)
    assert len(rendered.rows) == count_rows(content)
    for row in rendered.rows:
        assert "\n" not in row
        assert all(_ALLOWED.match(tag) for tag in _TAG.findall(row))
        assert row.count("<") == len(_TAG.findall(row))
        balance = _Balance()
        balance.feed(row)
        balance.close()
        assert balance.open == 0
    text = "\n".join(original(row) for row in rendered.rows) + ("\n" if content.endswith(b"\n") else "")
    assert text.encode("utf-8", "surrogateescape") == content


fragments = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        [
            b"\r\n",
            b"\n",
            b"\r",
            b"\x0c",
            b"\x0b",
            "\u2028\u2029\x85".encode(),
            b"/* ",
            b'"""',
            b"*/",
            b"<script>",
            b"&lt;",
            b"'",
            b"#",
            b"<?php ",
        ]
    ),
)


@given(
    parts=st.lists(fragments, max_size=12),
    language=st.sampled_from(["", "c", "python", "html", "bash", "php", "yaml", "ruby"]),
)
@example(parts=[b"\xef\xbb\xbfint x;\r\n"], language="c")
@example(parts=[b"&#x1;41;\x01"], language="")
@settings(max_examples=150, deadline=None)
def test_rows_are_the_lines_and_hold_the_original_text(parts: list[bytes], language: str) -> None:
    content = b"".join(parts)
    if b"\x01" not in content:  # the oracle's own marker
        check(content, language)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_survives_hostile_text(language: str, vectors: Callable[[str], Path]) -> None:
    strings: list[str] = json.loads((vectors("names") / "blns.json").read_text("utf-8"))
    text = "\n".join(strings).replace("\x01", "")
    check(text.encode("utf-8", "surrogatepass"), language)
    check((text[:4000] + "\r\n'\"/*<<EOF\n\\").encode("utf-8", "surrogatepass"), language)


def test_hostile_strings_alone_never_make_a_tag_other_than_span(vectors: Callable[[str], Path]) -> None:
    for string in json.loads((vectors("names") / "blns.json").read_text("utf-8")):
        content = string.replace("\x01", "").encode("utf-8", "surrogatepass")
        check(content, "")
        check(content, "html")


@pytest.mark.parametrize("separator", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_only_lf_ends_a_row(separator: str) -> None:
    rendered = render(f"int a;{separator}int b;".encode(), "c")
    assert len(rendered.rows) == 1
    assert f"U+{ord(separator):04X}" in rendered.rows[0]


@pytest.mark.parametrize("content", [b"\n\n\nint a;", b"int a;\n\n\n", b"\n", b"", b" \n "])
def test_blank_lines_at_the_edges_are_kept(content: bytes) -> None:
    assert len(render(content, "c").rows) == count_rows(content)
    check(content, "c")


def test_an_empty_file_has_no_rows() -> None:
    assert render(b"", "python").rows == ()


def test_a_comment_over_three_lines_is_closed_on_each() -> None:
    assert render(b"/* a\nb\nc */", "c").rows == tuple(
        f'<span class="cm">{text}</span>' for text in ("/* a", "b", "c */")
    )


def test_a_bidirectional_override_is_shown_by_name() -> None:
    row = render("a = 1 # \u202e }".encode(), "python").rows[0]
    assert '<span class="hidden-char" title="U+202E RIGHT-TO-LEFT OVERRIDE">U+202E</span>' in row
    assert "\u202e" not in row


@pytest.mark.parametrize(
    "char",
    ["\u200b", "\u2066", "\u00ad", "\ufeff", "\U000e0041", "\u00a0", "\u3164", "\ufe0f", "\x00", "\x7f", "\ue000"],
)
def test_what_cannot_be_seen_is_a_token(char: str) -> None:
    assert char not in render(f"x{char}y".encode(), "").rows[0]


def test_bytes_that_are_not_utf_8_are_shown_as_bytes() -> None:
    (row,) = render(b"caf\xe9 \xed\xa0\x80", "").rows
    assert row.startswith('caf<span class="hidden-char" title="byte 0xE9, not UTF-8">0xE9</span> ')
    assert "0xED" in row
    assert "0xA0" in row


def test_windows_line_ends_are_not_noise_and_a_lone_cr_is() -> None:
    rows = render(b"a\r\nb\rc\r\n", "").rows
    assert rows[0] == "a" + _LINE_END
    assert "U+000D</span>c" in rows[1]


def test_windows_line_ends_do_not_make_a_file_dense() -> None:
    assert render(b"a\r\n" * 20_000 + b"b\r\n", "").plain_reason == "no-language"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"//" + b"x\n" * 600_000, "too-large"),
        (b"\n" * 20_001, "too-many-lines"),
        (b"x" * 1_001, "line-too-long"),
        (b"\xe9" * 20_001, "hidden-characters"),
    ],
)
def test_past_a_limit_a_file_is_plain_and_says_why(content: bytes, reason: str) -> None:
    rendered = render(content, "c")
    assert (rendered.plain_reason, rendered.language) == (reason, None)
    assert len(rendered.rows) == count_rows(content)


def test_a_dense_file_stays_readable_and_unambiguous() -> None:
    rows = render("\u200b".encode() * 20_001 + b"\n\\u{200B}\xff<\n\\plain\n", "").rows
    assert rows[0].count("\\u{200B}") == 20_001
    assert (
        rows[1]
        == '<span class="hidden-line" title="hidden characters are written as escapes">\\\\u{200B}\\xFF&lt;</span>'
    )
    assert rows[2] == "\\plain"


def test_rows_of_hostile_bytes_stay_within_eight_times_the_input() -> None:
    content = b"a\xe9" * 500_000
    assert sum(map(len, render(content, "").rows)) < 8 * len(content)


def test_a_file_over_the_limit_is_refused() -> None:
    with pytest.raises(EvidenceError) as refusal:
        render(bytes(MAX_BYTES + 1), "")
    assert refusal.value.code == "file-too-large"


@pytest.mark.parametrize("language", ["adl", "markdown", "restructuredtext", "guess", "<b>"])
def test_a_language_off_the_list_is_shown_plain(language: str) -> None:
    assert render(b"x", language).plain_reason == "no-language"


@pytest.mark.parametrize("code", ["lexer-failed", "lexer-limit"])
def test_a_lexer_that_fails_or_is_stopped_costs_the_colours_only(code: str) -> None:
    def broken(text: str, alias: str) -> Runs:
        raise EvidenceError(code, expected="tokens", found="none")

    rendered = render(b"int a;\nb", "c", lexer=broken)
    assert (rendered.rows, rendered.language, rendered.plain_reason) == (("int a;", "b"), None, code)


def test_a_lexer_that_is_not_there_costs_the_colours_only() -> None:
    def missing(text: str, alias: str) -> Runs:
        raise UnavailableError("warm-unavailable", expected="a process", found="none")

    assert render(b"int a;", "c", lexer=missing).plain_reason == "lexer-unavailable"


def test_every_class_is_listed_for_the_style_sheet() -> None:
    found = set(re.findall(r'class="([^"]+)"', "".join(render(b'# c\ndef f(): return "x\\n" + 0x1', "python").rows)))
    assert found <= set(class_names())


def test_every_lexer_on_the_list_exists_and_colours_something() -> None:
    assert all(map(lexer_name, LANGUAGES))
    assert not [language for language in LANGUAGES if render(b"int x = 1;\n", language).plain_reason]
