"""The delivery record: how a snapshot reached a release (docs/formats.md section 4).

Version 3 is written where the archive is a git repository; version 2 where something else than the archive was signed, where the tree
was made of several files, or of another tree; version 1 everywhere else, so that one delivery has one spelling.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from transparency.proofs.canonical import canonical_json
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.records.git import RecordedGit, check_git_form, git_json, parse_git
from transparency.proofs.records.parts import (
    BASE,
    ArchiveFile,
    RecordedSignature,
    RecordedVerdict,
    Visibility,
    archive_json,
    check_order,
    check_slug,
    check_version,
    match,
    name_bytes,
    one_of,
    optional_digest,
    parse_archive,
    parse_signatures,
    parse_verdict,
    release_json,
    signature_json,
    typed,
    verdict_json,
)

if TYPE_CHECKING:
    from transparency.proofs.canonical import JSON, Fields

DELIVERY_TYPE = f"{BASE}record/delivery/v1"
DELIVERY_TYPE_2 = f"{BASE}record/delivery/v2"
DELIVERY_TYPE_3 = f"{BASE}record/delivery/v3"
CHECKSUMS, DSC, DECOMPRESSED = "checksums", "dsc", "decompressed"
CoverForm = Literal["checksums", "dsc", "decompressed", "git-tag", "git-commit"]
# Covers that name the files that a tree is made of.
NAMING_FORMS = frozenset({CHECKSUMS, DSC})
# Roles whose archive is the .dsc file itself.
DSC_ROLES = frozenset({"distribution", "patched"})

_GIT_TREE = re.compile(r"[0-9a-f]{40}\Z", re.ASCII)


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
class RecordedCover:
    """What was signed in the archive's stead, with its digests."""

    form: str
    file: ArchiveFile

    @property
    def is_kept(self) -> bool:
        """Whether its bytes stand beside the record: a decompressed tar's do not."""
        return self.form != DECOMPRESSED


@dataclass(frozen=True, slots=True)
class RecordedComponent:
    """Another file that the tree was made of."""

    name: str
    size: int
    sha256: Digest


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """How a snapshot reached a release; `components` are sorted by the UTF-8 bytes of their names."""

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
    cover: RecordedCover | None = None
    components: tuple[RecordedComponent, ...] = ()
    derived_from: Digest | None = None
    git: RecordedGit | None = None

    @property
    def is_first_version(self) -> bool:
        """Whether version 1 can say all of it."""
        return self.cover is None and not self.components and self.derived_from is None


def format_delivery_record(record: DeliveryRecord) -> bytes:
    """Return the canonical JSON of section 4, of the version that the record needs; components are put in their order."""
    value = _first_version(record)
    if not record.is_first_version:
        cover = record.cover
        value |= {
            "type": DELIVERY_TYPE_3 if record.git else DELIVERY_TYPE_2,
            "cover": {"form": cover.form, **archive_json(cover.file)} if cover else None,
            "components": [
                {"name": item.name, "size": item.size, "sha256": item.sha256.hex}
                for item in sorted(record.components, key=name_bytes)
            ],
            "derivedFrom": record.derived_from.hex if record.derived_from else None,
        }
    if record.git:
        value |= {"git": git_json(record.git)}
    return canonical_json(value)


def parse_delivery_record(data: bytes) -> DeliveryRecord:
    """Return the record of canonical JSON.

    Raises `record-type`, `record-version`, `record-order`, `record-components`, `record-git`, `json-…`, `digest-malformed` and the like.
    """
    version, fields = typed(data, DELIVERY_TYPE, DELIVERY_TYPE_2, DELIVERY_TYPE_3)
    is_second = version != DELIVERY_TYPE
    record = DeliveryRecord(
        vendor=check_slug(fields.text("vendor"), "record.vendor"),
        product=check_slug(fields.text("product"), "record.product"),
        release=check_version(fields.text("release"), "record.release"),
        visibility=one_of(fields, "visibility", get_args(Visibility)),
        role=fields.text("role"),
        archive=parse_archive(fields.object("archive")),
        prefix=fields.text("prefix"),
        snapshot=_parse_snapshot(fields.object("snapshot")),
        signatures=parse_signatures(fields, "signatures"),
        verdict=parse_verdict(fields),
        cover=_parse_cover(fields.optional_object("cover")) if is_second else None,
        components=_parse_components(fields) if is_second else (),
        derived_from=optional_digest(fields, "derivedFrom") if is_second else None,
        git=parse_git(fields.object("git")) if version == DELIVERY_TYPE_3 else None,
    )
    check_git_form(record.git, record.cover.form if record.cover else None)
    _check_second(record, is_second=is_second)
    return record


def _check_second(record: DeliveryRecord, *, is_second: bool) -> None:
    if is_second and record.is_first_version:
        raise EvidenceError("record-version", expected="version 1 for what it can say", found="version 2")
    if record.components and (record.cover is None or record.cover.form not in NAMING_FORMS):
        raise EvidenceError(
            "record-components",
            subject="record.components",
            expected="a list or a .dsc that names them",
            found=record.cover.form if record.cover else "none",
        )


def _first_version(record: DeliveryRecord) -> dict[str, JSON]:
    snapshot = record.snapshot
    return {
        "type": DELIVERY_TYPE,
        **release_json(record),
        "role": record.role,
        "archive": archive_json(record.archive),
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
        "signatures": [signature_json(signature) for signature in record.signatures],
        "verdict": verdict_json(record.verdict),
    }


def _parse_snapshot(fields: Fields) -> RecordedSnapshot:
    git_tree = fields.text("gitTree")
    return RecordedSnapshot(
        manifest=Digest.parse(fields.text("manifest")),
        opening_root=Digest.parse(fields.text("openingRoot")),
        git_tree=match(_GIT_TREE, git_tree, f"{fields.where}.gitTree", "digest-malformed", "40 hex digits"),
        swhid=fields.text("swhid"),
        dir_hash=fields.optional_text("dirHash"),
        files=fields.integer("files"),
        bytes=fields.integer("bytes"),
        lines=fields.integer("lines"),
    )


def _parse_cover(fields: Fields | None) -> RecordedCover | None:
    return RecordedCover(one_of(fields, "form", get_args(CoverForm)), parse_archive(fields)) if fields else None


def _parse_components(fields: Fields) -> tuple[RecordedComponent, ...]:
    components = tuple(
        RecordedComponent(item.text("name"), item.integer("size"), Digest.parse(item.text("sha256")))
        for item in fields.objects("components")
    )
    check_order(components, "record.components")
    return components
