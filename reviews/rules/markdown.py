r"""What people write, from Markdown to HTML that is safe wherever it is shown: the one renderer of notes.

CommonMark without HTML, images, headings and link definitions; what is left out stays as it was typed, and a line break is one. Links go to
http, https and mailto alone and carry `rel`. Whatever comes of it passes through nh3, which knows only the elements below. Characters that
nobody sees (hidden.py) are tokens here as well, those among them that were written as references too. The parser's steps are counted: a
text that takes more of them than dense honest ones is shown as it was typed.

>>> shown("**now** <b>not</b>")
'<p><strong>now</strong> &lt;b&gt;not&lt;/b&gt;</p>\n'
>>> "U+202E" in shown("a \u202e b"), "U+202E" in shown("&#x202e;"), "\u202e" in shown("\u202e &#x202e;")
(True, True, False)
>>> shown("[x](javascript:alert)")
'<p>[x](javascript:alert)</p>\n'
>>> shown("see <https://example.org>")
'<p>see <a href="https://example.org" rel="nofollow noopener noreferrer">https://example.org</a></p>\n'
>>> shown("![beacon](https://example.org/1.png)")
'<p>!<a href="https://example.org/1.png" rel="nofollow noopener noreferrer">beacon</a></p>\n'
"""

from __future__ import annotations

import html
import re
from functools import cache
from typing import TYPE_CHECKING

import nh3
from markdown_it import MarkdownIt

from reviews.rules.hidden import is_hidden, label
from reviews.rules.kept_html import KeptHtml

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

KEPT_CHARACTERS = 8 * 1024**2  # of HTML, in each process
MOST_STEPS = (
    6000  # 20,000 characters of links, code and emphasis in short lines take 5,200; of `[` they would take 39,000
)
_BLOCK_STEPS = 3  # a line that begins something costs about as much as three places in a line
_LONGEST_RUN = re.compile(r"\*{500}|_{500}")  # one step for the parser, and work for each character of it afterwards
_NESTING = 20  # markdown-it drops what is nested deeper; such a text is shown as it was typed
_LEFT_OUT = ("image", "heading", "lheading", "html_block", "html_inline", "reference")
_SCHEMES = ("http", "https", "mailto")
_LINK = re.compile(rf"(?:{'|'.join(_SCHEMES)}):[!-~]", re.IGNORECASE)
_ELEMENTS = frozenset({"a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "strong", "ul"})
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}, "*": set[str]()}
_PLAIN = re.compile(r"[ -~\n\t]*\Z")


class _TooManyStepsError(Exception):
    """The text is a lot of work for its length."""


def shown(text: str) -> str:
    """HTML of a text."""
    return _kept.of(text, _made)


def _made(text: str) -> str:
    parser = _parser()
    environment: dict[str, int] = {"steps": 0}
    try:
        tokens = [] if _LONGEST_RUN.search(text) else parser.parse(text, environment)
    except _TooManyStepsError:
        tokens = []
    if not tokens or _depth(tokens) >= _NESTING - 1:
        return _as_typed(text)
    made = reveal(parser.renderer.render(tokens, parser.options, environment))
    return nh3.clean(
        made,
        tags=set(_ELEMENTS),
        attributes={name: set(names) for name, names in _ATTRIBUTES.items()},
        url_schemes=set(_SCHEMES),
        link_rel="nofollow noopener noreferrer",
    )


def _as_typed(text: str) -> str:
    return f"<p>{'<br>'.join(html.escape(reveal(text)).splitlines())}</p>\n"


def reveal(text: str) -> str:
    """The text with every hidden character as a token; line breaks and tabs stay."""
    if _PLAIN.match(text):
        return text
    return "".join(f"‹{label(char)}›" if is_hidden(char) else char for char in text)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": _NESTING}).disable(list(_LEFT_OUT))
    parser.validateLink = _is_allowed  # type: ignore[method-assign]
    parser.inline.ruler.before("text", "steps", _step)
    parser.block.ruler.before("code", "steps", _block_step)
    return parser


def _step(state: StateInline, silent: bool) -> bool:  # noqa: ARG001, FBT001 - a rule's signature
    _count(state.env, 1)
    return False


def _block_step(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: ARG001, FBT001
    _count(state.env, _BLOCK_STEPS)
    return False


def _count(environment: MutableMapping[str, int], steps: int) -> None:
    environment["steps"] += steps
    if environment["steps"] > MOST_STEPS:
        raise _TooManyStepsError


def _is_allowed(url: str) -> bool:
    return bool(_LINK.match(url))


def _depth(tokens: Iterable[Token]) -> int:
    return max((token.level for token in tokens), default=0)


_kept = KeptHtml(KEPT_CHARACTERS)
