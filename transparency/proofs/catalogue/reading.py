"""A package read in a contained process: its file name and bytes go in, what it holds comes out, checked field by field."""

from __future__ import annotations

import re

from transparency.proofs.catalogue.packages import KnownCopy, read_package
from transparency.proofs.comparisons.fields import join_fields, split_fields
from transparency.proofs.comparisons.generated import is_copied
from transparency.proofs.errors import EvidenceError

_FIELDS = 6
_HEX = r"[0-9a-f]{64}"
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        r"[A-Za-z0-9.+~-]{1,120}",
        r"[A-Za-z0-9.+~:-]{1,120}",
        r".{1,500}",
        _HEX,
        r"[0-9.]{0,20}",
        f"(?:{_HEX})?",
    )
)


def prepare() -> None:
    """Nothing is loaded beyond this module."""


def answer(request: bytes) -> bytes:
    """The function that the contained process runs."""
    if not request:
        return b""
    name, data = split_fields(request)
    try:
        copies = read_package(data, file_name=name.decode())
    except EvidenceError as error:
        return join_fields([b"refused", error.code.encode(), error.expected.encode()[:200], error.found.encode()[:200]])
    told = (
        field
        for each in copies
        for field in (each.package, each.version, each.path, each.sha256, each.serial, each.stripped)
    )
    return join_fields([b"read", *(field.encode() for field in told)])


def ask_package(name: str, data: bytes) -> bytes:
    return join_fields([name.encode(), data])


def read_answer(data: bytes) -> list[KnownCopy]:
    """Raise what `read_package` raised, or `answer-malformed`."""
    fields = [field.decode("utf-8", "replace") for field in split_fields(data)]
    if fields[:1] == ["refused"] and len(fields) == 4 and re.fullmatch(r"[a-z0-9-]{3,40}", fields[1]):  # noqa: PLR2004 - as above
        raise EvidenceError(fields[1], expected=fields[2], found=fields[3])
    rows = [fields[place : place + _FIELDS] for place in range(1, len(fields), _FIELDS)]
    if fields[:1] != ["read"] or not all(_is_sound(row) for row in rows):
        raise EvidenceError("answer-malformed", expected="files of a package", found=f"{len(fields)} fields")
    return [KnownCopy(*row) for row in rows]


def _is_sound(row: list[str]) -> bool:
    sound = len(row) == _FIELDS and all(shape.fullmatch(field) for shape, field in zip(_SHAPES, row, strict=True))
    return sound and is_copied(row[2].encode())
