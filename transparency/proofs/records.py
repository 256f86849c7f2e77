"""Delivery and builds records: what the log's leaves are digests of (docs/formats.md section 4). Canonical JSON.

>>> verdict = RecordedVerdict("unsigned", "no-signature", "1")
>>> record = BuildsRecord("acme", "pump", "1.0", "open", None, None, (), verdict, ())
>>> parse_builds_record(format_builds_record(record)) == record
True
>>> parse_delivery_record(format_builds_record(record))
Traceback (most recent call last):
    ...
transparency.proofs.errors.EvidenceError: record-type: expected …record/delivery/v1, found …record/builds/v1
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

from transparency.proofs.canonical import JSON, Fields, canonical_json, parse_canonical
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError

BASE = "https://transparency-centre.example/"
DELIVERY_TYPE = f"{BASE}record/delivery/v1"
BUILDS_TYPE = f"{BASE}record/builds/v1"
# A checksum list of 16 MiB names some 200,000 files; each needs about 250 bytes here.
MAX_RECORD_BYTES = 64 * 1024**2

Visibility = Literal["open", "restricted"]
RecordedOutcome = Literal["valid", "invalid", "unsigned", "unknown-key", "expired", "revoked", "weak", "unavailable"]
RecordedFormat = Literal["sshsig", "openpgp", "minisign"]
RecordedListing = Literal["listed-and-equal", "listed-and-different", "listed-and-missing", "not-listed"]

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}\Z", re.ASCII)
_HEX_512 = re.compile(r"[0-9a-f]{128}\Z", re.ASCII)
_GIT_TREE = re.compile(r"[0-9a-f]{40}\Z", re.ASCII)


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


@dataclass(frozen=True, slots=True)
class RecordedSnapshot:
    """Names and counts of the tree that came out; `git_tree`, `swhid` and `dir_hash` are for comparison only."""

    manifest: Digest
    opening_root: Digest
    git_tree: str
    swhid: str
    dir_hash: str | None
    files: int
    bytes: int
    lines: int


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """How a snapshot reached a release."""

    vendor: str
    product: str
    release: str
    visibility: str
    role: str
    archive: ArchiveFile
    prefix: str
    snapshot: RecordedSnapshot
    signatures: tuple[RecordedSignature, ...]
    verdict: RecordedVerdict


@dataclass(frozen=True, slots=True)
class ListFile:
    """The checksum list that an import of builds came with."""

    name: str
    size: int
    sha256: Digest


@dataclass(frozen=True, slots=True)
class RecordedArtifact:
    """One build file: what was given (`size`, `sha256`), what the list says (`listed`), and how the two compare."""

    name: str
    size: int | None
    sha256: Digest | None
    listed: Digest | None
    listing: str


@dataclass(frozen=True, slots=True)
class BuildsRecord:
    """One import of published builds; `artifacts` are sorted by the UTF-8 bytes of their names."""

    vendor: str
    product: str
    release: str
    visibility: str
    manifest: Digest | None
    list: ListFile | None
    list_signatures: tuple[RecordedSignature, ...]
    verdict: RecordedVerdict
    artifacts: tuple[RecordedArtifact, ...]


def check_slug(text: str, where: str) -> str:
    """Return a slug (docs/formats.md, words), or raise `slug-malformed`."""
    return _match(_SLUG, text, where, "slug-malformed", "a slug")


def check_version(text: str, where: str) -> str:
    """Return a release's version (docs/formats.md, words), or raise `version-malformed`."""
    return _match(_VERSION, text, where, "version-malformed", "a version")


def format_delivery_record(record: DeliveryRecord) -> bytes:
    """Return the canonical JSON of section 4."""
    archive, snapshot = record.archive, record.snapshot
    return canonical_json(
        {
            "type": DELIVERY_TYPE,
            **_release_json(record),
            "role": record.role,
            "archive": {
                "name": archive.name,
                "size": archive.size,
                "sha256": archive.sha256.hex,
                "sha512": archive.sha512,
                "blake2b512": archive.blake2b512,
            },
            "prefix": record.prefix,
            "snapshot": {
                "manifest": snapshot.manifest.hex,
                "openingRoot": snapshot.opening_root.hex,
                "gitTree": snapshot.git_tree,
                "swhid": snapshot.swhid,
                "dirHash": snapshot.dir_hash,
                "files": snapshot.files,
                "bytes": snapshot.bytes,
                "lines": snapshot.lines,
            },
            "signatures": [_signature_json(signature) for signature in record.signatures],
            "verdict": _verdict_json(record.verdict),
        }
    )


def parse_delivery_record(data: bytes) -> DeliveryRecord:
    """Return the record of canonical JSON; raise `record-type`, `json-…`, `digest-malformed` and the like."""
    fields = _typed(data, DELIVERY_TYPE)
    archive, snapshot = fields.object("archive"), fields.object("snapshot")
    return DeliveryRecord(
        vendor=check_slug(fields.text("vendor"), "record.vendor"),
        product=check_slug(fields.text("product"), "record.product"),
        release=check_version(fields.text("release"), "record.release"),
        visibility=_one_of(fields, "visibility", get_args(Visibility)),
        role=fields.text("role"),
        archive=ArchiveFile(
            name=archive.text("name"),
            size=archive.integer("size"),
            sha256=Digest.parse(archive.text("sha256")),
            sha512=_match(
                _HEX_512, archive.text("sha512"), "record.archive.sha512", "digest-malformed", "128 hex digits"
            ),
            blake2b512=_match(
                _HEX_512, archive.text("blake2b512"), "record.archive.blake2b512", "digest-malformed", "128 hex digits"
            ),
        ),
        prefix=fields.text("prefix"),
        snapshot=RecordedSnapshot(
            manifest=Digest.parse(snapshot.text("manifest")),
            opening_root=Digest.parse(snapshot.text("openingRoot")),
            git_tree=_match(
                _GIT_TREE, snapshot.text("gitTree"), "record.snapshot.gitTree", "digest-malformed", "40 hex digits"
            ),
            swhid=snapshot.text("swhid"),
            dir_hash=snapshot.optional_text("dirHash"),
            files=snapshot.integer("files"),
            bytes=snapshot.integer("bytes"),
            lines=snapshot.integer("lines"),
        ),
        signatures=_signatures(fields, "signatures"),
        verdict=_verdict(fields),
    )


def format_builds_record(record: BuildsRecord) -> bytes:
    """Return the canonical JSON of section 4; artifacts are put in their order."""
    listing = record.list
    return canonical_json(
        {
            "type": BUILDS_TYPE,
            **_release_json(record),
            "manifest": record.manifest.hex if record.manifest else None,
            "list": {"name": listing.name, "size": listing.size, "sha256": listing.sha256.hex} if listing else None,
            "listSignatures": [_signature_json(signature) for signature in record.list_signatures],
            "verdict": _verdict_json(record.verdict),
            "artifacts": [
                {
                    "name": artifact.name,
                    "size": artifact.size,
                    "sha256": artifact.sha256.hex if artifact.sha256 else None,
                    "listed": artifact.listed.hex if artifact.listed else None,
                    "listing": artifact.listing,
                }
                for artifact in sorted(record.artifacts, key=_name_bytes)
            ],
        }
    )


def parse_builds_record(data: bytes) -> BuildsRecord:
    """Return the record of canonical JSON; raise as for deliveries, and `record-order` for unsorted artifacts."""
    fields = _typed(data, BUILDS_TYPE)
    listing = fields.optional_object("list")
    artifacts = tuple(_artifact(item) for item in fields.objects("artifacts"))
    names = [_name_bytes(artifact) for artifact in artifacts]
    if any(first >= second for first, second in pairwise(names)):
        raise EvidenceError(
            "record-order", subject="record.artifacts", expected="unique names in byte order", found="others"
        )
    return BuildsRecord(
        vendor=check_slug(fields.text("vendor"), "record.vendor"),
        product=check_slug(fields.text("product"), "record.product"),
        release=check_version(fields.text("release"), "record.release"),
        visibility=_one_of(fields, "visibility", get_args(Visibility)),
        manifest=_optional_digest(fields, "manifest"),
        list=ListFile(listing.text("name"), listing.integer("size"), Digest.parse(listing.text("sha256")))
        if listing
        else None,
        list_signatures=_signatures(fields, "listSignatures"),
        verdict=_verdict(fields),
        artifacts=artifacts,
    )


def _typed(data: bytes, expected: str) -> Fields:
    fields = Fields(parse_canonical(data, limit=MAX_RECORD_BYTES), "record")
    found = fields.text("type")
    if found != expected:
        short = (text.replace(BASE, "…", 1)[:100] for text in (expected, found))
        raise EvidenceError("record-type", expected=next(short), found=next(short))
    return fields


def _release_json(record: DeliveryRecord | BuildsRecord) -> dict[str, JSON]:
    return {
        "vendor": record.vendor,
        "product": record.product,
        "release": record.release,
        "visibility": record.visibility,
    }


def _signature_json(signature: RecordedSignature) -> JSON:
    return {
        "sha256": signature.sha256.hex,
        "format": signature.format,
        "key": signature.key,
        "outcome": signature.outcome,
        "code": signature.code,
    }


def _verdict_json(verdict: RecordedVerdict) -> JSON:
    return {"outcome": verdict.outcome, "code": verdict.code, "policy": verdict.policy}


def _signatures(fields: Fields, key: str) -> tuple[RecordedSignature, ...]:
    return tuple(
        RecordedSignature(
            sha256=Digest.parse(item.text("sha256")),
            format=None if item.raw("format") is None else _one_of(item, "format", get_args(RecordedFormat)),
            key=item.optional_text("key"),
            outcome=_one_of(item, "outcome", get_args(RecordedOutcome)),
            code=item.text("code"),
        )
        for item in fields.objects(key)
    )


def _verdict(fields: Fields) -> RecordedVerdict:
    verdict = fields.object("verdict")
    outcome = _one_of(verdict, "outcome", get_args(RecordedOutcome))
    return RecordedVerdict(outcome, verdict.text("code"), verdict.text("policy"))


def _artifact(fields: Fields) -> RecordedArtifact:
    return RecordedArtifact(
        name=fields.text("name"),
        size=fields.optional_integer("size"),
        sha256=_optional_digest(fields, "sha256"),
        listed=_optional_digest(fields, "listed"),
        listing=_one_of(fields, "listing", get_args(RecordedListing)),
    )


def _optional_digest(fields: Fields, key: str) -> Digest | None:
    text = fields.optional_text(key)
    return None if text is None else Digest.parse(text)


def _one_of(fields: Fields, key: str, allowed: tuple[str, ...]) -> str:
    found = fields.text(key)
    if found not in allowed:
        raise EvidenceError(
            "json-shape", subject=f"{fields.where}.{key}", expected=" or ".join(allowed), found=found[:60]
        )
    return found


def _name_bytes(artifact: RecordedArtifact) -> bytes:
    return artifact.name.encode()


def _match(pattern: re.Pattern[str], text: str, where: str, code: str, expected: str) -> str:
    if not pattern.match(text):
        raise EvidenceError(code, subject=where, expected=expected, found=text[:120])
    return text
