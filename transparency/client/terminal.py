r"""What reaches a terminal: text from outside with everything that a terminal obeys, or hides, made visible.

>>> print(printable("a\x1b[31mb\u202ec"))
a\x1b[31mb\u202ec
"""

from __future__ import annotations

import os
import shutil
import textwrap
from typing import TextIO

# Invisible, yet letters or marks, so that `isprintable` lets them pass (Unicode's Default_Ignorable_Code_Point, and the
# braille blank).
_INVISIBLE = frozenset(
    {
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        *range(0x180B, 0x1810),
        *range(0xFE00, 0xFE10),
        *range(0xE0100, 0xE01F0),
    }
)
_COLOURS = {"green": "32", "red": "31", "yellow": "33", "bold": "1"}
_WIDTH_LIMITS = (60, 110)


def printable(text: object) -> str:
    """The text on one line: control, format, invisible, surrogate and line-separating characters as escapes."""
    return "".join(
        character
        if character == " " or (character.isprintable() and ord(character) not in _INVISIBLE)
        else character.encode("unicode_escape").decode("ascii")
        for character in str(text)
    )


def has_colour(stream: TextIO) -> bool:
    """Colour only for people at a terminal who did not ask for none (https://no-color.org)."""
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def coloured(text: str, colour: str, *, enabled: bool) -> str:
    """The text in a colour; never the only sign of anything, so leaving it out loses nothing."""
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if enabled else text


def wrapped(text: str, *, first: str, rest: str) -> str:
    """The escaped text folded to the terminal's width; `first` and `rest` are the indents."""
    narrow, wide = _WIDTH_LIMITS
    width = min(max(shutil.get_terminal_size((100, 24)).columns, narrow), wide)
    return textwrap.fill(
        printable(text),
        width=width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
