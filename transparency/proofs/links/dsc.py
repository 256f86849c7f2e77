r"""The signed text of a Debian source description: what the cleartext framework signs, and which files it names.

docs/formats.md section 4. Only what a stranger needs to check a record is read here; the intake reads more of it.

>>> text = f"Source: pump\nChecksums-Sha256:\n {64 * 'a'} 12 pump_1.0.orig.tar.gz\n".encode()
>>> files_named(text)["pump_1.0.orig.tar.gz"].size
12
>>> signed_text(b"-----BEGIN PGP SIGNED MESSAGE-----\n\n- -dash \n-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----\n")
b'-dash'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Mapping

# The largest of Debian 12 has some 60 KB.
MAX_TEXT_BYTES = 1024**2
# Text, escapes of its dashes, and a signature block of several keys.
MAX_FILE_BYTES = 2 * MAX_TEXT_BYTES
MAX_SIZE_DIGITS = 15

_MALFORMED = "dsc-malformed"
_BEGIN, _SIGNATURE, _END = (
    f"-----{words}-----".encode() for words in ("BEGIN PGP SIGNED MESSAGE", "BEGIN PGP SIGNATURE", "END PGP SIGNATURE")
)
_FIELD = re.compile(r"([!-9;-~]+):(.*)\Z", re.DOTALL)
_FILE = re.compile(
    rf"[ \t]+([0-9a-f]{{64}})[ \t]+(0|[1-9][0-9]{{0,{MAX_SIZE_DIGITS - 1}}})[ \t]+([A-Za-z0-9][A-Za-z0-9+.~_:%-]{{0,254}})\Z",
    re.ASCII,
)
_CHECKSUMS = "checksums-sha256"


@dataclass(frozen=True, slots=True)
class NamedFile:
    """What the text says of one file."""

    size: int
    sha256: Digest


def signed_text(data: bytes) -> bytes:
    """Return the text that a .dsc file's signature covers, its lines ended by LF; raise `dsc-malformed`."""
    if len(data) > MAX_FILE_BYTES:
        raise EvidenceError(_MALFORMED, expected=f"at most {MAX_FILE_BYTES} bytes", found=f"{len(data)} bytes")
    lines = [line.rstrip(b" \t\r") for line in data.strip().split(b"\n")]
    shape = "one cleartext signed block and nothing else"
    if lines[0] != _BEGIN or lines[-1] != _END or [lines.count(each) for each in (_BEGIN, _SIGNATURE, _END)] != [1] * 3:
        raise EvidenceError(_MALFORMED, expected=shape, found=repr(lines[0][:60]))
    start = lines.index(b"") if b"" in lines else 0
    end = lines.index(_SIGNATURE)
    if not 0 < start < end or not all(line.startswith(b"Hash: ") for line in lines[1:start]):
        raise EvidenceError(_MALFORMED, expected="Hash headers and an empty line before the text", found="others")
    return b"\n".join(_undashed(line) for line in lines[start + 1 : end])


def files_named(text: bytes) -> Mapping[str, NamedFile]:
    """Return name -> size and digest of the field Checksums-Sha256; raise `dsc-malformed`."""
    lines = fields_of(text).get(_CHECKSUMS)
    if lines is None or lines[0] or len(lines) == 1:
        raise EvidenceError(_MALFORMED, expected="Checksums-Sha256 with a line for each file", found="none")
    named: dict[str, NamedFile] = {}
    for line in lines[1:]:
        match = _FILE.match(line)
        if match is None or match[3] in named:
            found = "the same name twice" if match else repr(line[:80])
            raise EvidenceError(_MALFORMED, subject="Checksums-Sha256", expected="digest, size, new name", found=found)
        named[match[3]] = NamedFile(int(match[2]), Digest.parse(match[1]))
    return named


def _undashed(line: bytes) -> bytes:
    if line.startswith(b"-") and not line.startswith(b"- "):
        raise EvidenceError(_MALFORMED, expected="dashes that are escaped", found=repr(line[:60]))
    return line.removeprefix(b"- ")


def fields_of(text: bytes) -> dict[str, list[str]]:
    """Name in lower case -> its lines, the first without the name; raise `dsc-malformed`."""
    if len(text) > MAX_TEXT_BYTES:
        raise EvidenceError(_MALFORMED, expected=f"at most {MAX_TEXT_BYTES} bytes", found=f"{len(text)} bytes")
    try:
        lines = text.decode().rstrip("\n").split("\n")
    except UnicodeDecodeError as error:
        raise EvidenceError(_MALFORMED, expected="UTF-8", found=f"byte {error.start}") from error
    fields: dict[str, list[str]] = {}
    current: list[str] | None = None
    for number, line in enumerate(lines, start=1):
        match = _FIELD.match(line)
        if line.endswith((" ", "\t")) or "\r" in line:
            raise EvidenceError(_MALFORMED, subject=f"line {number}", expected="the text that is signed", found="more")
        if line.startswith((" ", "\t")) and current is not None:
            current.append(line)
        elif match and match[1].lower() not in fields:
            current = fields[match[1].lower()] = [match[2]]
        else:
            raise EvidenceError(_MALFORMED, subject=f"line {number}", expected="a field, once", found=repr(line[:60]))
    return fields
