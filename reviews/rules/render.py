r"""Source bytes to rows of HTML: the one place where HTML is made from imported text.

One row a line, LF alone ends a line, and the number of rows is the number of lines (DESIGN section 2). A row holds
escaped text and `span` elements with a class and at most a title, nothing else:

- `<span class="kt">int</span>`: colours, in Pygments' short class names; a token that runs over several lines is closed
  and opened again on each row;
- `<span class="hidden-char" title="U+202E RIGHT-TO-LEFT OVERRIDE">U+202E</span>`: what would not be seen (hidden.py);
- `<span class="line-end" title="U+000D CARRIAGE RETURN"></span>`: the CR of a CRLF line end; a CR
  elsewhere is a hidden character.

Pure and without a clock: whoever calls it on hostile text runs it in a process that can be killed.

>>> rendered = render(b"int x;\n/* a\n<b> */", "c")
>>> rendered.rows[0]
'<span class="kt">int</span><span class="w"> </span><span class="n">x</span><span class="p">;</span>'
>>> rendered.rows[2]
'<span class="cm">&lt;b&gt; */</span>'
>>> render(b"\x1b[2J", "").rows
('<span class="hidden-char" title="U+001B ESCAPE">U+001B</span>[2J',)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reviews.rules.hidden import describe, is_hidden, label
from reviews.rules.languages import lexer_name
from reviews.rules.lexing import CLASSES, Runs, lex
from transparency.proofs.errors import EvidenceError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

RENDERER_VERSION = 2  # in the name of everything that is kept of what this file makes
MAX_BYTES = 32 * 1024**2  # more is not shown at all, only offered for download
MAX_COLOURED_BYTES = 1024**2
MAX_COLOURED_LINES = 20_000
MAX_COLOURED_LINE_CHARS = 1_000  # lexers are quick on long files and slow on long lines
MAX_HIDDEN_TOKENS = 20_000  # past this the tokens become short, or 1 MiB of input would be 100 MiB of rows

PlainReason = Literal[
    "no-language",
    "too-large",
    "too-many-lines",
    "line-too-long",
    "hidden-characters",
    "lexer-failed",
    "lexer-limit",
    "lexer-unavailable",
]
_LEXER_CODES: dict[str, PlainReason] = {"lexer-failed": "lexer-failed", "lexer-limit": "lexer-limit"}
_SPECIAL_ASCII = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """`rows` are HTML. `language` is None where the file is shown without colours, for `plain_reason`."""

    rows: tuple[str, ...]
    language: str | None
    plain_reason: PlainReason | None


def count_rows(content: bytes) -> int:
    """Return the number of lines of `content`: each LF ends one, a last line without LF counts."""
    return content.count(b"\n") + (not content.endswith(b"\n") and bool(content))


def render(content: bytes, language: str, *, lexer: Callable[[str, str], Runs] = lex) -> RenderedFile:
    """Return one row of HTML for each line; `language` is the file table's, "" for none. Raise `file-too-large`.

    `lexer` is told the text and Pygments' alias; over hostile text it is one that runs in a process of its own.
    """
    if len(content) > MAX_BYTES:
        raise EvidenceError("file-too-large", expected=f"at most {MAX_BYTES} bytes", found=f"{len(content)} bytes")
    text = content.decode("utf-8", "surrogateescape")
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    tokens = _Tokens()
    if _count_hidden(text) > MAX_HIDDEN_TOKENS:
        return RenderedFile(tuple(_dense_row(line) for line in lines), None, "hidden-characters")
    reason = _why_plain(content, lines)
    alias = lexer_name(language)
    if alias is None:
        reason = "no-language"
    elif reason is None:
        try:
            return RenderedFile(_coloured_rows(lines, alias, lexer, tokens), language, None)
        except EvidenceError as error:
            reason = _LEXER_CODES[error.code]
        except UnavailableError:
            reason = "lexer-unavailable"
    return RenderedFile(tuple(_plain_row(line, tokens) for line in lines), None, reason)


def _why_plain(content: bytes, lines: list[str]) -> PlainReason | None:
    if len(content) > MAX_COLOURED_BYTES:
        return "too-large"
    if len(lines) > MAX_COLOURED_LINES:
        return "too-many-lines"
    if max(map(len, lines), default=0) > MAX_COLOURED_LINE_CHARS:
        return "line-too-long"
    return None


class _Tokens(dict[int, str]):
    """A table for `str.translate` that learns: code point to what is shown for it."""

    def __init__(self) -> None:
        super().__init__(
            {ord(char): f"&{name};" for char, name in zip("&<>\"'", ("amp", "lt", "gt", "quot", "#x27"), strict=True)}
        )

    def __missing__(self, code: int) -> str:
        char = chr(code)
        shown = f'<span class="hidden-char" title="{describe(char)}">{label(char)}</span>' if is_hidden(char) else char
        self[code] = shown
        return shown


def _plain_row(line: str, tokens: _Tokens) -> str:
    body, ending = _split_ending(line)
    return body.translate(tokens) + ending


def _split_ending(line: str) -> tuple[str, str]:
    if line.endswith("\r"):
        return line[:-1], '<span class="line-end" title="U+000D CARRIAGE RETURN"></span>'
    return line, ""


def _coloured_rows(lines: list[str], alias: str, lexer: Callable[[str, str], Runs], tokens: _Tokens) -> tuple[str, ...]:
    bodies, endings = zip(*map(_split_ending, lines), strict=True) if lines else ((), ())
    text = "".join(f"{body}\n" for body in bodies)
    runs = lexer(text, alias)
    rows: list[str] = []
    parts: list[str] = []
    place = 0
    made: dict[tuple[str, int], str] = {}  # the same words stand in a file again and again
    for length, colour in zip(runs.lengths, runs.colours, strict=True):
        token = text[place : place + length]
        place += length
        first, *later = token.split("\n") if "\n" in token else (token,)
        shown = made.get((first, colour))
        if shown is None:
            shown = made[first, colour] = _coloured(first, CLASSES[colour], tokens)
        parts.append(shown)
        for piece in later:
            rows.append("".join(parts))
            parts = [_coloured(piece, CLASSES[colour], tokens)]
    return tuple(row + ending for row, ending in zip(rows, endings, strict=True))


def _coloured(piece: str, name: str, tokens: _Tokens) -> str:
    if not piece:
        return ""
    shown = piece.translate(tokens)
    return f'<span class="{name}">{shown}</span>' if name else shown


def _count_hidden(text: str) -> int:
    if text.isascii() and not _SPECIAL_ASCII.search(text):
        return 0
    return -text.count("\r\n") + sum(text.count(char) for char in set(text) if is_hidden(char))


def _dense_row(line: str) -> str:
    r"""A row of a file with very many hidden characters: `\xE9`, `\u{202E}`, and a backslash itself doubled."""
    body, ending = _split_ending(line)
    if not any(map(is_hidden, body)):
        return _escape(body) + ending
    shown = "".join(map(_dense, body))
    return f'<span class="hidden-line" title="hidden characters are written as escapes">{_escape(shown)}</span>{ending}'


def _dense(char: str) -> str:
    if char == "\\":
        return "\\\\"
    if not is_hidden(char):
        return char
    name = label(char)
    return f"\\x{name[2:]}" if name.startswith("0x") else f"\\u{{{name[2:]}}}"


def _escape(text: str) -> str:
    return text.translate(_MARKUP)


_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


def class_names() -> Iterable[str]:
    """Return every class that a row may carry, for the style sheet and its test."""
    return sorted({name for name in CLASSES if name} | {"hidden-char", "hidden-line", "line-end"})
