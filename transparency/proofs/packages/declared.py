"""What a package says about itself in its own metadata: stated by the package, proved by nobody.

Values are one line of text, bounded, without control characters; a value that is none of that is left out and said to be malformed.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from transparency.proofs.errors import EvidenceError
from transparency.proofs.sources.paths import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

PackageKind = Literal["sdist", "npm", "crate", "go", "srpm"]
KINDS: tuple[PackageKind, ...] = get_args(PackageKind)
# Far above real ones (a large Cargo.toml has 100 KB); what is longer is not looked into.
MAX_METADATA_BYTES = 1024 * 1024
MAX_VALUE = 400
MAX_FINDINGS = 16
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+!_~^:-]{0,127}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Package:
    """A recognised package. Empty texts are what it does not declare; `file` is the metadata's path as in the manifest."""

    kind: PackageKind
    file: str
    name: str = ""
    version: str = ""
    purl: str = ""
    licence: str = ""
    repository: str = ""
    findings: tuple[Finding, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """What pages and answers show; the findings go where other findings go."""
        return {key: value for key, value in asdict(self).items() if key != "findings"}


@dataclass(frozen=True, slots=True)
class Declared:
    """What one metadata file says, before anything is compared. `wrong`: (rule, detail) of what is odd in it."""

    name: str = ""
    version: str = ""
    licence: str = ""
    repository: str = ""
    wrong: tuple[tuple[str, str], ...] = ()


def findings_of(file: str, wrong: Iterable[tuple[str, str]]) -> tuple[Finding, ...]:
    return tuple(Finding(file, rule, detail[: 2 * MAX_VALUE]) for rule, detail in list(wrong)[:MAX_FINDINGS])


def one_line(text: str) -> str:
    r"""The first line that says something, bounded.

    >>> one_line("\n  MIT License\n\nPermission is ...")
    'MIT License'
    """
    lines = (line.strip() for line in text.splitlines())
    found = _CONTROL.sub(" ", next((line for line in lines if line), ""))
    return found if len(found) <= MAX_VALUE else found[: MAX_VALUE - 1] + "…"


def checked_name(text: str, pattern: re.Pattern[str]) -> str:
    """A name of the ecosystem's grammar (`package-malformed`)."""
    if not pattern.match(text):
        raise EvidenceError("package-malformed", expected="a name of this kind of package", found=repr(text[:80]))
    return text


def checked_version(text: str) -> str:
    if not _VERSION.match(text):
        raise EvidenceError("package-malformed", expected="a version", found=repr(text[:80]))
    return text


def decoded(data: bytes) -> str:
    """Metadata as text (`package-malformed`)."""
    if len(data) > MAX_METADATA_BYTES:
        raise EvidenceError("package-malformed", expected=f"at most {MAX_METADATA_BYTES} bytes", found="more")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EvidenceError("package-malformed", expected="UTF-8", found=f"byte {error.start}") from error
