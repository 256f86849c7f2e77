"""What delivery and builds records share: the release, verdicts, signatures, and how their fields are read (docs/formats.md section 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from transparency.proofs.canonical import JSON, Fields, parse_canonical
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterable

BASE = "https://transparency-centre.example/"
# A checksum list of 16 MiB names some 200,000 files; each needs about 250 bytes here.
MAX_RECORD_BYTES = 64 * 1024**2

Visibility = Literal["open", "restricted"]
RecordedOutcome = Literal["valid", "invalid", "unsigned", "unknown-key", "expired", "revoked", "weak", "unavailable"]
RecordedFormat = Literal["sshsig", "openpgp", "minisign", "signify", "cms", "cosign"]

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}\Z", re.ASCII)
_HEX_512 = re.compile(r"[0-9a-f]{128}\Z", re.ASCII)


class AboutRelease(Protocol):
    """A record that names a release."""

    @property
    def vendor(self) -> str: ...

    @property
    def product(self) -> str | None: ...

    @property
    def release(self) -> str | None: ...

    @property
    def visibility(self) -> str: ...


class Named(Protocol):
    """Something with a name."""

    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class RecordedVerdict:
    """A machine's outcome, its code, and the version of the policy that it was judged by."""

    outcome: str
    code: str
    policy: str


@dataclass(frozen=True, slots=True)
class RecordedSignature:
    """One signature file that was handed in: its digest, format (None: no known one), whose key, what it was worth."""

    sha256: Digest
    format: str | None
    key: str | None
    outcome: str
    code: str


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """The file as delivered; `sha512` and `blake2b512` (hex) let signatures be checked without it."""

    name: str
    size: int
    sha256: Digest
    sha512: str
    blake2b512: str


def check_slug(text: str, where: str) -> str:
    """Return a slug (docs/formats.md, words), or raise `slug-malformed`."""
    return match(_SLUG, text, where, "slug-malformed", "a slug")


def check_version(text: str, where: str) -> str:
    """Return a release's version (docs/formats.md, words), or raise `version-malformed`."""
    return match(_VERSION, text, where, "version-malformed", "a version")


def typed(data: bytes, *expected: str) -> tuple[str, Fields]:
    """Return the type and the fields of a record of one of these types; raise `record-type`, `json-…`."""
    fields = Fields(parse_canonical(data, limit=MAX_RECORD_BYTES), "record")
    found = fields.text("type")
    if found not in expected:
        first, *others = (text.replace(BASE, "…", 1)[:100] for text in expected)
        versions = " or ".join(filter(None, (", ".join((first, *map(_last, others[:-1]))), *map(_last, others[-1:]))))
        raise EvidenceError("record-type", expected=versions, found=found.replace(BASE, "…", 1)[:100])
    return found, fields


def _last(record_type: str) -> str:
    """The version at the end of a type."""
    return record_type.rpartition("/")[2]


def release_json(record: AboutRelease) -> dict[str, JSON]:
    """The fields that say which release a record is about."""
    return {
        "vendor": record.vendor,
        "product": record.product,
        "release": record.release,
        "visibility": record.visibility,
    }


def signature_json(signature: RecordedSignature) -> JSON:
    """One entry of `signatures`."""
    return {
        "sha256": signature.sha256.hex,
        "format": signature.format,
        "key": signature.key,
        "outcome": signature.outcome,
        "code": signature.code,
    }


def verdict_json(verdict: RecordedVerdict) -> JSON:
    """The field `verdict`."""
    return {"outcome": verdict.outcome, "code": verdict.code, "policy": verdict.policy}


def archive_json(archive: ArchiveFile) -> dict[str, JSON]:
    """A file with all of its digests."""
    return {
        "name": archive.name,
        "size": archive.size,
        "sha256": archive.sha256.hex,
        "sha512": archive.sha512,
        "blake2b512": archive.blake2b512,
    }


def parse_archive(fields: Fields) -> ArchiveFile:
    """Read a file with all of its digests (`digest-malformed`)."""
    long = "128 hex digits"
    return ArchiveFile(
        name=fields.text("name"),
        size=fields.integer("size"),
        sha256=Digest.parse(fields.text("sha256")),
        sha512=match(_HEX_512, fields.text("sha512"), f"{fields.where}.sha512", "digest-malformed", long),
        blake2b512=match(_HEX_512, fields.text("blake2b512"), f"{fields.where}.blake2b512", "digest-malformed", long),
    )


def parse_signatures(fields: Fields, key: str) -> tuple[RecordedSignature, ...]:
    """Read `signatures` or `listSignatures`."""
    return tuple(
        RecordedSignature(
            sha256=Digest.parse(item.text("sha256")),
            format=None if item.raw("format") is None else one_of(item, "format", get_args(RecordedFormat)),
            key=item.optional_text("key"),
            outcome=one_of(item, "outcome", get_args(RecordedOutcome)),
            code=item.text("code"),
        )
        for item in fields.objects(key)
    )


def parse_verdict(fields: Fields) -> RecordedVerdict:
    """Read `verdict`."""
    verdict = fields.object("verdict")
    outcome = one_of(verdict, "outcome", get_args(RecordedOutcome))
    return RecordedVerdict(outcome, verdict.text("code"), verdict.text("policy"))


def optional_digest(fields: Fields, key: str) -> Digest | None:
    """Read 64 hex digits or null."""
    text = fields.optional_text(key)
    return None if text is None else Digest.parse(text)


def one_of(fields: Fields, key: str, allowed: tuple[str, ...]) -> str:
    """Read one of these words (`json-shape`)."""
    found = fields.text(key)
    if found not in allowed:
        raise EvidenceError(
            "json-shape", subject=f"{fields.where}.{key}", expected=" or ".join(allowed), found=found[:60]
        )
    return found


def name_bytes(item: Named) -> bytes:
    """What named things are sorted by."""
    return item.name.encode()


def check_order(items: Iterable[Named], where: str) -> None:
    """Raise `record-order` unless names are unique and in the order of their bytes."""
    if any(first >= second for first, second in pairwise(map(name_bytes, items))):
        raise EvidenceError("record-order", subject=where, expected="unique names in byte order", found="others")


def match(pattern: re.Pattern[str], text: str, where: str, code: str, expected: str) -> str:
    """Return the text that the whole pattern matches, or raise `code`."""
    if not pattern.match(text):
        raise EvidenceError(code, subject=where, expected=expected, found=text[:120])
    return text
