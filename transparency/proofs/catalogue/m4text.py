r"""What names a version of an `.m4` file: its serial (automake manual, "Serials"), and its text without comments.

Only lines that are comments and nothing else, and hold plain prose, are set aside: a line with `$`, backticks, brackets, `;`, `\` or a
C directive (`# define`) may be code to the shell or to a compiler, however much it looks like a comment, and stays.

>>> serial_of(b"# host.m4 serial 4\n"), serial_of(b"dnl serial 12.1\n"), serial_of(b"no such line\n")
('4', '12.1', '')
>>> without_comments(b"# Copyright (C) 2022\ndnl Prose.\nAC_DEFUN\n# `evil`\n# define x y\n")
b'AC_DEFUN\n# `evil`\n# define x y\n'
"""

from __future__ import annotations

import re

_SERIAL = re.compile(rb"^[ \t]*(?:#|dnl\b)[^\n]{0,80}?\bserial[ \t]+([0-9][0-9.]{0,19})", re.MULTILINE)
_PROSE = re.compile(rb"[ \t]*(?:dnl(?![A-Za-z0-9_])|#)[A-Za-z0-9 \t#,.:'\"()/_@<>+=*~%!?-]*\n?\Z")
_DIRECTIVE = re.compile(
    rb"[ \t]*#[ \t#]*(?:define|elif|else|endif|error|ident|if|ifdef|ifndef|import|include|include_next|line|pragma|undef|warning)\b"
)


def serial_of(text: bytes) -> str:
    """The first serial that a comment names; "" where there is none."""
    match = _SERIAL.search(text)
    return match[1].decode("ascii") if match else ""


def without_comments(text: bytes) -> bytes:
    """The text without lines that are prose in a comment, and without empty lines."""
    return b"".join(line for line in text.splitlines(keepends=True) if line.strip() and not _is_prose(line))


def _is_prose(line: bytes) -> bool:
    return bool(_PROSE.match(line)) and not _DIRECTIVE.match(line)
