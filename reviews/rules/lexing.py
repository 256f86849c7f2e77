r"""Where the tokens of a text end and which colour each has: all that a lexer is asked for, so that it can run where it can only answer.

Lexers are other people's code over hostile text. One is run in a process that is killed at its limits (transparency/gateways/warm.py),
and what comes back is *runs*: a length in code points and a colour for each token. HTML is made from the text itself, here, so a lexer
that was taken over chooses colours and nothing else.

    request   <Pygments alias> LF <text in UTF-8, lone surrogates kept>
    answer    a 4-byte big-endian length for each run, then a byte for each: the place of its class in CLASSES

>>> runs = lex("int x;\n", "c")
>>> [CLASSES[colour] for colour in runs.colours], list(runs.lengths)
(['kt', 'w', 'n', 'p', 'w'], [3, 1, 1, 1, 1])
>>> parse_runs(format_runs(runs), characters=7) == runs
True
"""

from __future__ import annotations

import sys
from array import array
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES

from reviews.rules.languages import ALIASES
from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

# "" is text without a colour of its own.
CLASSES: tuple[str, ...] = tuple(sorted({"", *STANDARD_TYPES.values()}))
# What somebody else's lexer may raise over hostile text. It never decides more than the colours.
LEXER_FAILURES = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_LENGTH_BYTES = 4
_PLACES = {name: place for place, name in enumerate(CLASSES)}


@dataclass(frozen=True, slots=True)
class Runs:
    """One run a token, neighbours of one colour joined: its length in code points and the place of its class in CLASSES."""

    lengths: array[int]
    colours: bytes


def lex(text: str, alias: str) -> Runs:
    """Raise `lexer-failed` where the lexer broke or lost text. Pygments' own preparation, which changes line ends, is left out."""
    lengths, colours = array("I"), bytearray()
    seen = []
    last = -1
    try:
        for _, kind, value in _lexer(alias).get_tokens_unprocessed(text):
            seen.append(value)
            place = _place_of(kind)
            if place == last:
                lengths[-1] += len(value)
            elif value:
                lengths.append(len(value))
                colours.append(place)
                last = place
    except LEXER_FAILURES as error:
        raise EvidenceError("lexer-failed", expected="tokens", found=type(error).__name__) from error
    if "".join(seen) != text:
        raise EvidenceError("lexer-failed", expected="the text in tokens", found="another text")
    return Runs(lengths, bytes(colours))


def format_runs(runs: Runs) -> bytes:
    lengths = array("I", runs.lengths)
    if sys.byteorder == "little":
        lengths.byteswap()
    return lengths.tobytes() + runs.colours


def parse_runs(data: bytes, *, characters: int) -> Runs:
    """Read an answer about a text of so many code points; raise `lexer-failed` where it is not about that text."""
    count, rest = divmod(len(data), _LENGTH_BYTES + 1)
    if rest:
        raise EvidenceError("lexer-failed", expected="runs of 5 bytes", found=f"{len(data)} bytes")
    lengths, colours = array("I"), data[_LENGTH_BYTES * count :]
    lengths.frombytes(data[: _LENGTH_BYTES * count])
    if sys.byteorder == "little":
        lengths.byteswap()
    if sum(lengths) != characters or 0 in lengths:
        raise EvidenceError("lexer-failed", expected=f"runs of {characters} characters", found=f"{sum(lengths)}")
    if colours and max(colours) >= len(CLASSES):
        raise EvidenceError("lexer-failed", expected="known classes", found=str(max(colours)))
    return Runs(lengths, colours)


def format_request(text: str, alias: str) -> bytes:
    return f"{alias}\n".encode() + text.encode("utf-8", "surrogatepass")


def answer(request: bytes) -> bytes:
    """The function that the contained process runs."""
    alias, _, text = request.partition(b"\n")
    return format_runs(lex(text.decode("utf-8", "surrogatepass"), alias.decode()))


def prepare() -> None:
    """Load every lexer, so that a forked process has them."""
    for alias in ALIASES:
        _lexer(alias)


@cache
def _lexer(alias: str) -> Lexer:
    return get_lexer_by_name(alias)


@cache
def _place_of(kind: _TokenType) -> int:
    """The class of the nearest known kind of token; kinds that a lexer makes up never reach the page."""
    known: _TokenType | None = kind
    while known is not None and known not in STANDARD_TYPES:
        known = known.parent
    return _PLACES[STANDARD_TYPES.get(known, "") if known is not None else ""]
