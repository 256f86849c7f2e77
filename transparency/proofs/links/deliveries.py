"""The link `deliveries/<nn>`: the record is about this release, delivers what the manifest says, and was logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError
from transparency.proofs.links.logged import check_logged
from transparency.proofs.links.report import LinkReport
from transparency.proofs.links.signatures import Signed, check_signatures
from transparency.proofs.manifest import REGULAR, ManifestEntry
from transparency.proofs.records import BuildsRecord, DeliveryRecord, parse_delivery_record
from transparency.proofs.signatures.judge import FileDigests

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from transparency.proofs.dossier import DeliveryParts
    from transparency.proofs.links.basis import Basis
    from transparency.proofs.log.leaf import Leaf

LEAF_KIND = "delivery"


@dataclass(frozen=True, slots=True)
class CheckedDelivery:
    """A delivery whose record was logged; `time` is the leaf's."""

    record: DeliveryRecord
    time: datetime
    report: LinkReport


def check_delivery(
    link: str, parts: DeliveryParts, basis: Basis, *, subject: Sequence[ManifestEntry] | None
) -> CheckedDelivery:
    """Return the delivery; `subject` holds the manifest's entries when this is the delivery of the subject.

    Raises `record-release`, `record-visibility`, `record-subject`, `record-counts` and what reading and the log raise.
    """
    record = parse_delivery_record(parts.logged.record)
    check_release(record, basis)
    if subject is not None:
        _check_subject(record, basis, subject)
    snapshot = record.snapshot
    subjects = (("manifest", snapshot.manifest), ("opening", snapshot.opening_root))
    leaf, index = check_logged(parts.logged, basis, kind=LEAF_KIND, subjects=subjects, org=record.vendor)
    is_subject = snapshot.manifest == basis.index.subject
    what = "the subject" if is_subject else f"another snapshot, {snapshot.manifest}"
    archive = f"{record.role} {record.archive.name}, sha256 {record.archive.sha256}"
    detail = f"{archive}, delivered {what}; {logged_as(leaf, index)}"
    return CheckedDelivery(record, leaf.time, LinkReport(link, "ok", detail))


def check_delivery_signatures(link: str, parts: DeliveryParts, delivery: CheckedDelivery, basis: Basis) -> LinkReport:
    """Return how the signatures over the archive end; with the archive in hand its own digests count."""
    archive, file = delivery.record.archive, basis.file
    if file is not None and file.is_named(archive.sha256):
        signed = Signed(archive.name, file.digests, lambda whole: file.content(whole=whole))
    else:
        digests = FileDigests(
            size=archive.size,
            sha256=archive.sha256.raw,
            sha512=bytes.fromhex(archive.sha512),
            blake2b512=bytes.fromhex(archive.blake2b512),
        )
        signed = Signed(archive.name, digests, None)
    record = delivery.record
    return check_signatures(
        link, signed, record.signatures, parts.signatures, verdict=record.verdict, time=delivery.time, basis=basis
    )


def check_release(record: DeliveryRecord | BuildsRecord, basis: Basis) -> None:
    """Raise `record-release` unless the record is about the index's release, `record-visibility` for a leak."""
    index = basis.index
    expected = (index.vendor, index.product, index.release)
    found = (record.vendor, record.product, record.release)
    if found != expected:
        raise EvidenceError("record-release", expected=" ".join(expected), found=" ".join(found))
    if index.visibility == "public" and record.visibility != "open":
        raise EvidenceError("record-visibility", expected="open, in a public dossier", found=record.visibility)


def logged_as(leaf: Leaf, index: int) -> str:
    """Where and when it was logged, for details."""
    how = "committed in" if leaf.committed else ""
    return f"{how} log entry {index} of {leaf.time:%Y-%m-%dT%H:%M:%SZ}".strip()


def _check_subject(record: DeliveryRecord, basis: Basis, entries: Sequence[ManifestEntry]) -> None:
    snapshot = record.snapshot
    if snapshot.manifest != basis.index.subject:
        subject = basis.index.subject.hex
        raise EvidenceError("record-subject", expected=f"a delivery of {subject}", found=snapshot.manifest.hex)
    counted = (len(entries), sum(entry.size for entry in entries if entry.mode in REGULAR))
    if counted != (snapshot.files, snapshot.bytes):
        expected = f"{counted[0]} files, {counted[1]} bytes as in the manifest"
        raise EvidenceError("record-counts", expected=expected, found=f"{snapshot.files} files, {snapshot.bytes} bytes")
