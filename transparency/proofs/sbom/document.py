r"""A bill of materials as it is read here, whatever its format: the files and the packages that it declares, and nothing else of it.

Files leave the sandbox as lines, `<algorithm> <hex> <path>` or `none - <path>`, the path escaped as in the manifest.

>>> line = format_files([DeclaredFile(b"src/a b.c", "sha1", "2f" * 20)])
>>> line
b'sha1 2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f src/a%20b.c\n'
>>> next(parse_files(line)).path
b'src/a b.c'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from transparency.proofs.errors import EvidenceError
from transparency.proofs.escaping import escape_path, unescape_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Form = Literal["SPDX 2.3", "SPDX 3.0", "CycloneDX 1.6"]
FORMS: tuple[Form, ...] = ("SPDX 2.3", "SPDX 3.0", "CycloneDX 1.6")
# Linux, file by file, is a document of 70 MB.
MAX_SBOM_BYTES = 128 * 1024 * 1024
MAX_FILES = 1_000_000
MAX_PACKAGES = 10_000
MAX_PATH = 4096
MAX_VALUE = 400
# Length of the hex by algorithm; the first one that a file has is compared. The two weak ones show accidents, and hold against nobody.
ALGORITHMS = {"sha256": 64, "sha512": 128, "sha384": 96, "sha224": 56, "sha1": 40, "md5": 32}
WEAK = frozenset({"sha1", "md5"})
# Others that the formats allow: a digest of these alone is not compared.
OTHERS = frozenset(
    {"md2", "md4", "md6", "sha3224", "sha3256", "sha3384", "sha3512", "blake2b160", "blake2b256", "blake2b384", "blake2b512",
     "blake2s128", "blake2s160", "blake2s224", "blake2s256", "blake3", "adler32", "streebog256", "streebog512",
     "crystalskyber", "crystalsdilithium", "falcon", "other"}
)  # fmt: skip
NONE = "none"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HEX = re.compile(r"[0-9a-fA-F]+\Z", re.ASCII)
_LINE = re.compile(rb"([a-z0-9]{3,6}) ([0-9a-f]{32,128}|-) ([!-~]{1,12288})\n")


@dataclass(frozen=True, slots=True)
class DeclaredFile:
    """A path as it is declared, without a leading `./`; the strongest digest of a kind that we know, or none."""

    path: bytes
    algorithm: str = NONE
    digest: str = ""


@dataclass(frozen=True, slots=True)
class DeclaredPackage:
    """A package as it is declared; empty where nothing is."""

    name: str
    version: str = ""
    purl: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Sbom:
    """`subjects` are the packages that the document says to be about."""

    form: Form
    name: str
    files: tuple[DeclaredFile, ...]
    packages: tuple[DeclaredPackage, ...]
    subjects: tuple[DeclaredPackage, ...] = ()


def declared_file(name: str, checksums: Iterable[tuple[str, str]]) -> DeclaredFile:
    """A file with the strongest of its digests that we can compute (`sbom-malformed`)."""
    path = name.removeprefix("./").encode()
    if not path or len(path) > MAX_PATH or b"\0" in path:
        raise malformed("a path", repr(name[:80]))
    digests = checked_digests(name, checksums)
    best = next((known for known in ALGORITHMS if known in digests), NONE)
    return DeclaredFile(path, best, digests.get(best, ""))


def checked_digests(name: str, checksums: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Digests by algorithm, each once and as long as its kind is (`sbom-malformed`)."""
    digests: dict[str, str] = {}
    for algorithm, value in checksums:
        known = algorithm.lower().replace("-", "").replace("_", "")
        if known in OTHERS:
            continue
        if known not in ALGORITHMS:
            raise malformed("an algorithm that the format has", repr(algorithm[:80]))
        if len(value) != ALGORITHMS[known] or not _HEX.match(value):
            raise malformed(f"{ALGORITHMS[known]} hex digits", repr(value[:80]))
        if digests.setdefault(known, value.lower()) != value.lower():
            raise malformed(f"one {known} of {name[:80]}", "two")
    return digests


def declared_package(name: str, version: str, purl: str, licence: str) -> DeclaredPackage:
    return DeclaredPackage(*(value_of(text) for text in (name, version, purl, licence)))


def value_of(text: str) -> str:
    """One bounded line; tools write these words where they have none."""
    found = _CONTROL.sub(" ", text).strip()
    if found in {"NOASSERTION", "NONE"}:
        return ""
    return found if len(found) <= MAX_VALUE else found[: MAX_VALUE - 1] + "…"


def bounded(sbom: Sbom) -> Sbom:
    """The document itself, when it is of a size that can be told (`sbom-limit`)."""
    if len(sbom.files) > MAX_FILES or len(sbom.packages) > MAX_PACKAGES:
        found = f"{len(sbom.files)} and {len(sbom.packages)}"
        raise EvidenceError(
            "sbom-limit", expected=f"at most {MAX_FILES} files and {MAX_PACKAGES} packages", found=found
        )
    return sbom


def format_files(files: Iterable[DeclaredFile]) -> bytes:
    return b"".join(f"{one.algorithm} {one.digest or '-'} {escape_path(one.path)}\n".encode() for one in files)


def parse_files(data: bytes) -> Iterator[DeclaredFile]:
    """The files of lines, which are read strictly: who wrote them read a hostile document (`contained-answer`)."""
    place = count = 0
    while place < len(data):
        match = _LINE.match(data, place)
        if match is None or count == MAX_FILES:
            raise _strange(data[place : place + 80])
        algorithm, digest = match[1].decode(), match[2].decode()
        if algorithm == NONE and digest == "-":
            digest = ""
        elif len(digest) != ALGORITHMS.get(algorithm):
            raise _strange(match[0][:80])
        try:
            path = unescape_path(match[3].decode())
        except EvidenceError as error:
            raise _strange(match[0][:80]) from error
        yield DeclaredFile(path, algorithm, digest)
        place, count = match.end(), count + 1


def malformed(expected: str, found: str) -> EvidenceError:
    return EvidenceError("sbom-malformed", expected=expected, found=found)


def _strange(found: bytes) -> EvidenceError:
    return EvidenceError("contained-answer", subject="files", expected="lines of declared files", found=repr(found))
