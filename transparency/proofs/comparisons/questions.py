"""What is asked about bytes that came from outside, in a contained process that is killed at its limits: its `answer` runs there.

A request is a kind, then fields (fields.py):

    J  for each pair: "1" where export-subst is said of it else "", the first content, the second: answered by a class for each
    A  number of .gitattributes files, for each its path and content, then paths: answered by two places for each (ignored, substituted)
    M  contents of .m4 files: answered by serial and SHA-256 without comments for each
    L  two contents: answered by the lines that differ (lines.py)

Answers are read strictly: a process that was taken over can choose among the classes, and nothing else.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from transparency.proofs.catalogue.m4text import serial_of, without_comments
from transparency.proofs.comparisons.attributes import AttributeRules
from transparency.proofs.comparisons.classes import FileClass
from transparency.proofs.comparisons.contents import judge_contents
from transparency.proofs.comparisons.fields import join_fields, split_fields
from transparency.proofs.comparisons.lines import changed_lines, format_lines, parse_lines
from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.proofs.comparisons.attributes import Place
    from transparency.proofs.comparisons.lines import ChangedLines

# What rules over contents may say.
JUDGED = frozenset(
    {FileClass.CONTENT, FileClass.LINE_ENDS, FileClass.MIXED_LINE_ENDS, FileClass.KEYWORDS, FileClass.EXPORT_SUBST}
)
_SERIAL, _HEX = re.compile(r"[0-9.]{0,20}"), re.compile(r"[0-9a-f]{64}")
_PLACE = re.compile(rb"(?:([0-9]{1,6}):([0-9]{1,9}))?\Z")
Triple = tuple[bytes, bytes, bool]
Places = tuple["Place | None", "Place | None"]


def prepare() -> None:
    """Nothing is loaded beyond this module."""


def answer(request: bytes) -> bytes:
    """The function that the contained process runs."""
    fields = split_fields(request[1:])
    return join_fields(_ANSWERS[request[:1]](fields)) if request else b""


def ask_contents(pairs: Sequence[Triple]) -> bytes:
    """The request about pairs of (first, second, whether export-subst is said of it)."""
    return b"J" + join_fields(
        field for first, second, subst in pairs for field in (b"1" if subst else b"", first, second)
    )


def read_contents(data: bytes, *, count: int) -> list[FileClass]:
    """The classes of so many pairs (`answer-malformed`)."""
    fields = split_fields(data)
    known = {each.value.encode(): each for each in JUDGED}
    if len(fields) != count or not set(fields) <= set(known):
        raise EvidenceError("answer-malformed", expected=f"{count} classes", found=f"{len(fields)} fields")
    return [known[field] for field in fields]


def ask_attributes(files: Sequence[tuple[bytes, bytes]], paths: Sequence[bytes]) -> bytes:
    """The request about what `.gitattributes`, as (path, content), say of paths."""
    told = (field for pair in files for field in pair)
    return b"A" + join_fields([str(len(files)).encode(), *told, *paths])


def read_attributes(data: bytes, *, count: int, files: int) -> list[Places]:
    """For each path what has it left out of archives, and what has it changed there (`answer-malformed`)."""
    fields = split_fields(data)
    if len(fields) != 2 * count:
        raise EvidenceError("answer-malformed", expected=f"{2 * count} places", found=f"{len(fields)} fields")
    places = [_place(field, files) for field in fields]
    return list(zip(places[::2], places[1::2], strict=True))


def ask_m4(contents: Sequence[bytes]) -> bytes:
    """The request for what names the versions of `.m4` files."""
    return b"M" + join_fields(contents)


def read_m4(data: bytes, *, count: int) -> list[tuple[str, str]]:
    """(serial, SHA-256 in hex of the text without comments) for each (`answer-malformed`)."""
    fields = [field.decode("ascii", "replace") for field in split_fields(data)]
    pairs = list(zip(fields[::2], fields[1::2], strict=False))
    sound = all(_SERIAL.fullmatch(serial) and _HEX.fullmatch(stripped) for serial, stripped in pairs)
    if len(fields) != 2 * count or not sound:
        raise EvidenceError("answer-malformed", expected=f"{count} versions", found=f"{len(fields)} fields")
    return pairs


def ask_lines(first: bytes, second: bytes) -> bytes:
    """The request for the lines that differ."""
    return b"L" + join_fields([first, second])


def read_lines(data: bytes) -> ChangedLines:
    return parse_lines(split_fields(data))


def _contents(fields: list[bytes]) -> list[bytes]:
    triples = zip(fields[::3], fields[1::3], fields[2::3], strict=True)
    return [judge_contents(first, second, subst=subst == b"1").value.encode() for subst, first, second in triples]


def _attributes(fields: list[bytes]) -> list[bytes]:
    end = 1 + 2 * int(fields[0])
    rules = AttributeRules(list(zip(fields[1:end:2], fields[2:end:2], strict=True)))
    found = (place for path in fields[end:] for place in (rules.ignored(path), rules.substituted(path)))
    return [f"{place[0]}:{place[1]}".encode() if place else b"" for place in found]


def _m4(fields: list[bytes]) -> list[bytes]:
    pairs = ((serial_of(text), sha256(without_comments(text)).hexdigest()) for text in fields)
    return [field.encode() for pair in pairs for field in pair]


def _lines(fields: list[bytes]) -> list[bytes]:
    first, second = fields
    return format_lines(changed_lines(first, second))


def _place(field: bytes, files: int) -> Place | None:
    match = _PLACE.match(field)
    if match is None or (field and int(match[1]) >= files):
        raise EvidenceError("answer-malformed", expected=f"a line of one of {files} files", found=repr(field[:20]))
    return (int(match[1]), int(match[2])) if field else None


_ANSWERS = {b"J": _contents, b"A": _attributes, b"M": _m4, b"L": _lines}
