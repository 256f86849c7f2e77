r"""Signed lists of digests: GNU (`digest  name`, `digest *name`, escaped names) and BSD (`SHA256 (name) = digest`).

>>> one = parse_checksums(f"{64 * 'a'}  tool.bin\n".encode())
>>> [(item.name, item.listing) for item in compare(one, {"tool.bin": 64 * "b", "extra": 64 * "c"})]
[('extra', 'not-listed'), ('tool.bin', 'listed-and-different')]
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Mapping

Listing = Literal["listed-and-equal", "listed-and-different", "listed-and-missing", "not-listed"]
MAX_LIST_BYTES = 16 * 1024 * 1024
MAX_ENTRIES = 100_000
MAX_NAME_CHARACTERS = 1024
_LENGTHS = {64: "sha256", 128: "sha512"}
_GNU = re.compile(r"(\\?)([0-9a-f]{64}|[0-9a-f]{128}) [ *](.+)\Z", re.DOTALL)
_BSD = re.compile(r"(SHA256|SHA512) \((.+)\) = ([0-9a-f]+)\Z", re.DOTALL)
_CONTROL = re.compile("[\x00-\x1f]")
_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


@dataclass(frozen=True, slots=True)
class ChecksumList:
    """One algorithm, and name -> digest (hex) for each file."""

    algorithm: Literal["sha256", "sha512"]
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ListedFile:
    """One name with what the list says of it and what was found."""

    name: str
    listed: str | None
    found: str | None
    listing: Listing


def parse_checksums(data: bytes) -> ChecksumList:
    """Read a list (`checksums-malformed`, `checksums-duplicate`, `checksums-name`, `checksums-mixed`)."""
    if len(data) > MAX_LIST_BYTES:
        raise EvidenceError(
            "checksums-malformed", expected=f"at most {MAX_LIST_BYTES} bytes", found=f"{len(data)} bytes"
        )
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise EvidenceError("checksums-malformed", expected="UTF-8", found=f"byte {error.start}") from error
    entries = [
        _parse_line(line.removesuffix("\r"), number) for number, line in enumerate(lines, start=1) if line.strip()
    ]
    if not 0 < len(entries) <= MAX_ENTRIES:
        raise EvidenceError("checksums-malformed", expected=f"1 to {MAX_ENTRIES} lines", found=str(len(entries)))
    shapes = sorted({(kind, len(digest)) for kind, _, digest in entries})
    if len(shapes) != 1:
        raise EvidenceError("checksums-mixed", expected="one format and one algorithm", found=str(shapes))
    digests: dict[str, str] = {}
    for _, name, digest in entries:
        if name in digests:
            raise EvidenceError("checksums-duplicate", subject=name, expected="each name once", found="twice")
        digests[name] = digest
    return ChecksumList("sha256" if shapes[0][1] == 64 else "sha512", digests)  # noqa: PLR2004 - hex digits of SHA-256


def compare(listed: ChecksumList, found: Mapping[str, str]) -> tuple[ListedFile, ...]:
    """Every name of the list and of `found` (name -> sha256 hex), sorted by UTF-8 bytes.

    The list must be one of SHA-256 (`checksums-algorithm`).
    """
    if listed.algorithm != "sha256":
        raise EvidenceError("checksums-algorithm", expected="a SHA-256 list", found=listed.algorithm)
    return tuple(
        ListedFile(
            name, listed.digests.get(name), found.get(name), listing_of(listed.digests.get(name), found.get(name))
        )
        for name in sorted({*listed.digests, *found}, key=str.encode)
    )


def listing_of(listed: str | None, found: str | None) -> Listing:
    """The word for one file."""
    if listed is None:
        return "not-listed"
    if found is None:
        return "listed-and-missing"
    return "listed-and-equal" if listed == found else "listed-and-different"


def _parse_line(line: str, number: int) -> tuple[str, str, str]:
    """(format, name, digest) of one line."""
    if match := _BSD.match(line):
        kind, name, digest = "bsd", match[2], match[3]
        if _LENGTHS.get(len(digest)) != match[1].lower():
            raise EvidenceError(
                "checksums-malformed", subject=f"line {number}", expected=match[1], found=f"{len(digest)} digits"
            )
    elif match := _GNU.match(line):
        kind, name, digest = "gnu", match[3], match[2]
        if match[1]:
            name = _unescape(name, number)
    else:
        raise EvidenceError(
            "checksums-malformed", subject=f"line {number}", expected="digest and name", found=repr(line[:80])
        )
    components = name.split("/")
    if len(name) > MAX_NAME_CHARACTERS or {"", ".."} & set(components) or _CONTROL.search(name):
        raise EvidenceError(
            "checksums-name", subject=f"line {number}", expected="a relative name", found=repr(name[:80])
        )
    return kind, name.removeprefix("./"), digest


def _unescape(name: str, number: int) -> str:
    pieces = re.split(r"(\\.)", name, flags=re.DOTALL)
    if any("\\" in piece and piece not in _ESCAPES for piece in pieces):
        raise EvidenceError(
            "checksums-malformed", subject=f"line {number}", expected=r"\\, \n or \r", found=repr(name[:80])
        )
    return "".join(_ESCAPES.get(piece, piece) for piece in pieces)
