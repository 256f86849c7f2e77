"""The builds record: one import of published builds, against the list that came with it (docs/formats.md section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from transparency.proofs.canonical import canonical_json
from transparency.proofs.digest import Digest
from transparency.proofs.records.parts import (
    BASE,
    RecordedSignature,
    RecordedVerdict,
    Visibility,
    check_order,
    check_slug,
    check_version,
    name_bytes,
    one_of,
    optional_digest,
    parse_signatures,
    parse_verdict,
    release_json,
    signature_json,
    typed,
    verdict_json,
)

if TYPE_CHECKING:
    from transparency.proofs.canonical import Fields

BUILDS_TYPE = f"{BASE}record/builds/v1"
RecordedListing = Literal["listed-and-equal", "listed-and-different", "listed-and-missing", "not-listed"]


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


def format_builds_record(record: BuildsRecord) -> bytes:
    """Return the canonical JSON of section 4; artifacts are put in their order."""
    listing = record.list
    return canonical_json(
        {
            "type": BUILDS_TYPE,
            **release_json(record),
            "manifest": record.manifest.hex if record.manifest else None,
            "list": {"name": listing.name, "size": listing.size, "sha256": listing.sha256.hex} if listing else None,
            "listSignatures": [signature_json(signature) for signature in record.list_signatures],
            "verdict": verdict_json(record.verdict),
            "artifacts": [
                {
                    "name": artifact.name,
                    "size": artifact.size,
                    "sha256": artifact.sha256.hex if artifact.sha256 else None,
                    "listed": artifact.listed.hex if artifact.listed else None,
                    "listing": artifact.listing,
                }
                for artifact in sorted(record.artifacts, key=name_bytes)
            ],
        }
    )


def parse_builds_record(data: bytes) -> BuildsRecord:
    """Return the record of canonical JSON; raise as for deliveries, and `record-order` for unsorted artifacts."""
    _, fields = typed(data, BUILDS_TYPE)
    listing = fields.optional_object("list")
    artifacts = tuple(_artifact(item) for item in fields.objects("artifacts"))
    check_order(artifacts, "record.artifacts")
    return BuildsRecord(
        vendor=check_slug(fields.text("vendor"), "record.vendor"),
        product=check_slug(fields.text("product"), "record.product"),
        release=check_version(fields.text("release"), "record.release"),
        visibility=one_of(fields, "visibility", get_args(Visibility)),
        manifest=optional_digest(fields, "manifest"),
        list=ListFile(listing.text("name"), listing.integer("size"), Digest.parse(listing.text("sha256")))
        if listing
        else None,
        list_signatures=parse_signatures(fields, "listSignatures"),
        verdict=parse_verdict(fields),
        artifacts=artifacts,
    )


def _artifact(fields: Fields) -> RecordedArtifact:
    return RecordedArtifact(
        name=fields.text("name"),
        size=fields.optional_integer("size"),
        sha256=optional_digest(fields, "sha256"),
        listed=optional_digest(fields, "listed"),
        listing=one_of(fields, "listing", get_args(RecordedListing)),
    )
