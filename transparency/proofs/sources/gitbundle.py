r"""The head of a git bundle (git's gitformat-bundle), versions 2 and 3: which references it brings. A pack follows.

| rule | when |
|---|---|
| git-bundle-malformed | no bundle, lines of another shape, a reference twice, or longer than any real one |
| git-bundle-partial | it needs objects that it does not bring, or leaves some out |
| git-bundle-capability | it wants something of its reader that we do not know |

>>> head = parse_bundle(b"# v2 git bundle\n" + 40 * b"a" + b" refs/tags/v1\n\nPACK")
>>> head.object_format, head.refs, head.size
('sha1', {'refs/tags/v1': 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}, 71)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from transparency.proofs.errors import EvidenceError
from transparency.proofs.sources.gitobject import DIGITS, FORMATS, ObjectFormat

if TYPE_CHECKING:
    from collections.abc import Mapping

MAGIC_2, MAGIC_3 = b"# v2 git bundle\n", b"# v3 git bundle\n"
MAGICS: Final = (MAGIC_2, MAGIC_3)
MAX_HEAD_BYTES = 32 * 1024 * 1024
MAX_REFS = 200_000
_REF = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64}) ((?:refs/|HEAD\Z)[^\0-\x20\x7f]{0,1000})\Z")
_FORMAT = re.compile(rb"@object-format=(sha1|sha256)\Z")


@dataclass(frozen=True, slots=True)
class BundleHead:
    """Object names by reference, and how many bytes stand before the pack."""

    object_format: ObjectFormat
    refs: Mapping[str, str]
    size: int


def parse_bundle(data: bytes) -> BundleHead:
    """Read a bundle's head, of which `data` is the whole or a longer beginning (`git-bundle-…`)."""
    magic = next((magic for magic in MAGICS if data.startswith(magic)), None)
    end = data.find(b"\n\n")
    if magic is None or end < 0 or end > MAX_HEAD_BYTES:
        raise EvidenceError("git-bundle-malformed", expected="a git bundle of version 2 or 3", found=ascii(data[:24]))
    lines = data[len(magic) : end].split(b"\n")
    object_format = _capabilities(lines, version_3=magic == MAGIC_3)
    refs: dict[str, str] = {}
    for line in lines:
        if line.startswith(b"-"):
            raise EvidenceError("git-bundle-partial", expected="all of the history", found=ascii(line[:48]))
        match = _REF.match(line)
        if not match or len(match[1]) != DIGITS[object_format] or len(refs) >= MAX_REFS:
            raise EvidenceError("git-bundle-malformed", expected="an object and a reference", found=ascii(line[:80]))
        name = match[2].decode("utf-8", "backslashreplace")
        if name in refs:
            raise EvidenceError("git-bundle-malformed", expected="each reference once", found=ascii(name[:80]))
        refs[name] = match[1].decode()
    return BundleHead(object_format, refs, end + 2)


def _capabilities(lines: list[bytes], *, version_3: bool) -> ObjectFormat:
    """Take the capabilities off the front, which only version 3 has."""
    found: ObjectFormat = "sha1"
    seen = 0
    while version_3 and lines and lines[0].startswith(b"@"):
        line = lines.pop(0)
        match = _FORMAT.match(line)
        if line.startswith(b"@filter="):
            raise EvidenceError("git-bundle-partial", expected="every object", found=ascii(line[:80]))
        if not match or seen:
            raise EvidenceError("git-bundle-capability", expected="the format of objects", found=ascii(line[:80]))
        seen += 1
        found = next(each for each in FORMATS if each == match[1].decode())
    return found
