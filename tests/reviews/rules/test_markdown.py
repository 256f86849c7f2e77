"""Markdown of notes: what it may make, what it must never make, hidden characters, and texts made to be slow."""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from reviews.rules.hidden import is_hidden
from reviews.rules.markdown import reveal, shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

ELEMENTS = {"a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "strong", "ul"}
ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](//evil.test/)",
    "[x](/sign-out/)",
    "[x](#main)",
    "<javascript:alert(1)>",
    "![x](https://evil.test/beacon.png)",
    '![x](https://evil.test/a.png "onerror=alert(1)")',
    '[x](https://evil.test/" onmouseover="alert(1))',
    "[x](https://evil.test/ 'a\" onclick=\"alert(1)')",
    "[x]: javascript:alert(1)\n\n[x]",
    "`<script>`\n\n```\n</code></pre><script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "<style>*{display:none}</style>",
    '<form action="https://evil.test/"><input name=password>',
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<!-- --><b>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "</div></td></tr></table><h1>Taken over</h1>",
    "# Taken over\n\nTaken over\n===",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<a id=main name=csrfmiddlewaretoken>x</a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
)
MOST_CALLS = 300_000  # of our and the parser's functions, for 20,000 characters: 50 for each step; `[` took 1.7 million
SLOW = {
    "brackets": "[",
    "images": "![",
    "pairs": "*a **a ",
    "stars": "*a ",
    "mixed": "*_",
    "run": "*" * 9_000 + "a",
    "tick": "`",
    "ticks": "`a",
    "links": "[a](",
    "empty": "[](",
    "closed": "[" * 10_000 + "]" * 10_000,
    "quotes": "> ",
    "nested": "> a\n> > b\n",
    "angle": "<",
    "angles": "<a",
    "references": "&#",
    "items": "- a\n",
    "lists": "".join("  " * depth + "- a\n" for depth in range(140)),
    "breaks": "a\n",
    "escapes": "\\",
    "autolinks": "<http:",
}


class Made(HTMLParser):
    """What the HTML is made of; its text, put together."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def check(text: str) -> Made:
    html = shown(text)
    made = Made(html)
    for tag, attributes in made.tags:
        assert tag in ELEMENTS, (text, tag)
        assert set(attributes) <= ({"href", "rel"} if tag == "a" else {"start"} if tag == "ol" else set()), (text, html)
        if tag == "a":
            assert re.match(r"(https?|mailto):[!-~]", attributes["href"] or ""), (text, html)
            assert attributes["rel"] == "nofollow noopener noreferrer"
    assert not any(map(is_hidden, html)), text
    assert "&nbsp;" not in html
    return made


@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_of_an_attack_becomes_an_element_or_an_address(text: str) -> None:
    check(text)


def test_naughty_strings_make_nothing_but_text_and_emphasis(vectors: Callable[[str], Path]) -> None:
    strings = json.loads((vectors("names") / "blns.json").read_text("utf-8"))
    assert len(strings) > 500
    for text in strings:
        check(text)
        check(f"[{text}](https://example.org/{text})")


def test_what_people_use_is_there() -> None:
    assert shown("a\nb") == "<p>a<br>\nb</p>\n"
    assert shown("```c\nint x < 3;\n```") == "<pre><code>int x &lt; 3;\n</code></pre>\n"
    assert shown("3. three\n4. four").startswith('<ol start="3">\n<li>three</li>')
    made = check("*a* **b** `c` [d](mailto:e@f.test)\n\n> g\n\n- h\n\n---\n")
    assert {tag for tag, _ in made.tags} >= {"em", "strong", "code", "a", "blockquote", "ul", "li", "hr", "p"}


def test_what_is_left_out_stays_to_be_read() -> None:
    assert Made(shown("# A heading")).words.strip() == "# A heading"
    assert Made(shown("[a]: https://example.org")).words.strip() == "[a]: https://example.org"
    assert Made(shown("<b>x</b> <!-- y -->")).words.strip() == "<b>x</b> <!-- y -->"


@pytest.mark.parametrize("char", ["\u202e", "\u2066", "\u200b", "\u00a0", "\u2028", "\x1b", "\ufeff", "\U000e0041"])
def test_hidden_characters_are_tokens_wherever_they_stand(char: str) -> None:
    token = f"U+{ord(char):04X}"
    for text in (f"a{char}b", f"`a{char}b`", f"```\na{char}b\n```", f"[a{char}b](https://example.org)"):
        assert token in check(text).words, text
    if char != "\x1b":
        assert token in check(f"a&#{ord(char)};b").words
    check(f"[a](https://example.org/{char})")
    assert token in reveal(char)


@pytest.mark.parametrize("kind", SLOW)
def test_texts_made_to_be_slow_or_to_vanish_are_neither(kind: str) -> None:
    text = (SLOW[kind] * 20_000)[:20_000] + f"\n{kind}"  # no other test has made it
    calls = 0

    def counted(_frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(counted)
    try:
        html = shown(text)
    finally:
        sys.setprofile(None)
    assert calls < MOST_CALLS, calls
    assert kind in Made(html).words
    check(text)


def test_a_text_that_is_too_much_work_is_shown_as_it_was_typed() -> None:
    for text in ("[" * 20_000, "**a *b" * 3_000 + "<b>", "- a\n" * 5_000, "*" * 1000 + "a" + "*" * 999):
        made = check(text)
        assert {tag for tag, _ in made.tags} <= {"p", "br"}
        assert made.words.strip() == text.replace("\n", "")


def test_long_notes_that_people_write_keep_their_markup() -> None:
    lines = (f"- **point {at}** see `x[{at}]` and [link](https://example.org/{at})\n" for at in range(320))
    assert len([tag for tag, _ in check("".join(lines)).tags if tag == "a"]) == 320
    prose = "It *seems* that `buf[1]` is never _checked_ (see [main](https://example.org/x)).\n" * 240
    assert len([tag for tag, _ in check(prose).tags if tag == "em"]) == 480
    code = check("```\n" + "x[i] = *y[j] * &z;\n" * 1000 + "```")
    assert [tag for tag, _ in code.tags] == ["pre", "code"]
