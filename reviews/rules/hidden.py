r"""Characters that a reader would not see, or that change how the rest is seen: which they are, what they are called.

Shown as visible tokens by render.py: controls but TAB and LF, format characters (bidirectional controls, zero width,
tags, soft hyphen), separators and every space but U+0020, private use and unassigned code points, variation selectors,
blank letters, and bytes that are not UTF-8 (decoded with `surrogateescape`). See Unicode TR 36 and TR 39,
https://trojansource.codes/.

>>> is_hidden("\u202e"), is_hidden("a"), is_hidden("\t")
(True, False, False)
>>> describe("\u202e"), describe("\x1b"), describe(b"\xe9".decode("utf-8", "surrogateescape"))
('U+202E RIGHT-TO-LEFT OVERRIDE', 'U+001B ESCAPE', 'byte 0xE9, not UTF-8')
>>> label("\u202e"), label(b"\xe9".decode("utf-8", "surrogateescape"))
('U+202E', '0xE9')
"""

from __future__ import annotations

import unicodedata

_SEEN_CONTROLS = "\t\n"
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
# Letters, marks and symbols that are drawn as nothing.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_RAW_BYTES = range(0xDC80, 0xDD00)  # what surrogateescape makes of the bytes 0x80 to 0xFF
_C0_NAMES = (
    "NULL,START OF HEADING,START OF TEXT,END OF TEXT,END OF TRANSMISSION,ENQUIRY,ACKNOWLEDGE,BELL,BACKSPACE,"
    "CHARACTER TABULATION,LINE FEED,LINE TABULATION,FORM FEED,CARRIAGE RETURN,SHIFT OUT,SHIFT IN,DATA LINK ESCAPE,"
    "DEVICE CONTROL ONE,DEVICE CONTROL TWO,DEVICE CONTROL THREE,DEVICE CONTROL FOUR,NEGATIVE ACKNOWLEDGE,"
    "SYNCHRONOUS IDLE,END OF TRANSMISSION BLOCK,CANCEL,END OF MEDIUM,SUBSTITUTE,ESCAPE,INFORMATION SEPARATOR FOUR,"
    "INFORMATION SEPARATOR THREE,INFORMATION SEPARATOR TWO,INFORMATION SEPARATOR ONE"
)
_C0 = _C0_NAMES.split(",")
_UNNAMED = {"Cc": "CONTROL", "Cf": "FORMAT CHARACTER", "Cn": "UNASSIGNED", "Co": "PRIVATE USE", "Cs": "SURROGATE"}


def is_hidden(char: str) -> bool:
    """Whether `char` must be shown as a token."""
    if char == " " or char in _SEEN_CONTROLS:
        return False
    if unicodedata.category(char) in _HIDDEN_CATEGORIES or char in _BLANK:
        return True
    return any(ord(char) in selectors for selectors in _VARIATION_SELECTORS)


def label(char: str) -> str:
    """Return the short text that stands for `char`."""
    code = ord(char)
    return f"0x{code - 0xDC00:02X}" if code in _RAW_BYTES else f"U+{code:04X}"


def describe(char: str) -> str:
    """Return the label and the name."""
    code = ord(char)
    if code in _RAW_BYTES:
        return f"byte {label(char)}, not UTF-8"
    if code < len(_C0):
        return f"{label(char)} {_C0[code]}"
    name = (
        "DELETE"
        if char == "\x7f"
        else unicodedata.name(char, "") or _UNNAMED.get(unicodedata.category(char), "UNNAMED")
    )
    return f"{label(char)} {name}"
