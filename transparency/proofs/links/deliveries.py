"""The links `deliveries/<nn>` and `deliveries/<nn>/signature` (docs/formats.md 12).

Steps of the first: (1) the record is about this release, and the subject's delivers what the manifest says; (2) what was
signed in the archive's stead is there and names what was delivered; (3) the record was logged. Of the second: which bytes
were signed, and whether the signatures over them hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.links.covers import check_cover, digests_of, recorded_digests
from transparency.proofs.links.logged import check_logged
from transparency.proofs.links.report import LinkReport
from transparency.proofs.links.signatures import Signed, check_signatures
from transparency.proofs.manifest import REGULAR, ManifestEntry
from transparency.proofs.records import DSC, GIT_FORMS
from transparency.proofs.signatures.judge import Content

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from datetime import datetime

    from transparency.proofs.dossier import DeliveryParts
    from transparency.proofs.links.basis import Basis, GivenFile
    from transparency.proofs.log.leaf import Leaf
    from transparency.proofs.records import AboutRelease, BuildsRecord, DeliveryRecord

LEAF_KIND = "delivery"


@dataclass(frozen=True, slots=True)
class CheckedDelivery:
    """A delivery whose record, of this digest, was logged; `time` is the leaf's."""

    record: DeliveryRecord
    digest: Digest
    time: datetime
    report: LinkReport


def check_delivery(
    link: str,
    parts: DeliveryParts,
    record: DeliveryRecord,
    basis: Basis,
    *,
    subject: Sequence[ManifestEntry] | None,
    others: Container[Digest],
) -> CheckedDelivery:
    """Return the delivery of this record, the parts' own.

    `subject` holds the manifest's entries when this is the delivery of the subject, `others` the manifests of the other
    deliveries. Raises `record-release`, `record-visibility`, `record-subject`, `record-counts`, `record-derived`,
    `cover-file`, `cover-names` and what reading and the log raise.
    """
    # Step 1
    check_release(record, basis)
    if subject is not None:
        _check_subject(record, basis, subject)
    if record.derived_from is not None and record.derived_from not in others:
        raise EvidenceError(
            "record-derived", expected="a tree that another delivery here delivers", found=record.derived_from.hex
        )
    # Step 2
    check_cover(record, parts.list, basis.file)
    # Step 3
    snapshot = record.snapshot
    subjects = (("manifest", snapshot.manifest), ("opening", snapshot.opening_root))
    leaf, index = check_logged(parts.logged, basis, kind=LEAF_KIND, subjects=subjects, org=record.vendor)
    is_subject = snapshot.manifest == basis.index.subject
    what = "the subject" if is_subject else f"another snapshot, {snapshot.manifest}"
    archive = f"{record.role} {record.archive.name}, sha256 {record.archive.sha256}"
    made = f", made from {record.derived_from}" if record.derived_from else ""
    detail = f"{archive}, delivered {what}{made}; {logged_as(leaf, index)}"
    return CheckedDelivery(record, Digest.of(parts.logged.record), leaf.time, LinkReport(link, "ok", detail))


def check_delivery_signatures(link: str, parts: DeliveryParts, delivery: CheckedDelivery, basis: Basis) -> LinkReport:
    """Return how the signatures end, over the archive or over what was signed in its stead; in hand, its own digests count."""
    record = delivery.record
    report = check_signatures(
        link,
        _signed(parts, record, basis.file),
        record.signatures,
        parts.signatures,
        verdict=record.verdict,
        time=delivery.time,
        basis=basis,
    )
    cover, archive = record.cover, record.archive
    loose = cover is not None and not cover.is_kept and basis.file is not None and basis.file.is_named(archive.sha256)
    if cover and loose and report.status == "ok":
        # Nothing here decompresses; a record could pair the digests of one tar with the archive of another.
        detail = f"the signature covers {cover.file.name}, the decompressed tar: decompress {archive.name}, give that as FILE"
        return LinkReport(link, "not checked", detail)
    return report


def _signed(parts: DeliveryParts, record: DeliveryRecord, file: GivenFile | None) -> Signed:
    cover, data = record.cover, parts.list
    if cover and data is not None:
        content = Content(data=data, text=cover.form == DSC)
        return Signed(cover.file.name, digests_of(data), content, by_git=cover.form in GIT_FORMS)
    signed = cover.file if cover else record.archive
    if file is not None and file.is_named(signed.sha256):
        return Signed(signed.name, file.digests, file.content())
    return Signed(signed.name, recorded_digests(signed), None)


def check_release(record: DeliveryRecord | BuildsRecord, basis: Basis) -> None:
    """Raise `record-release` unless the record is about the index's release, `record-visibility` for a leak."""
    index = basis.index
    expected = (index.vendor, index.product, index.release)
    found = (record.vendor, record.product, record.release)
    if found != expected:
        raise EvidenceError("record-release", expected=" ".join(expected), found=" ".join(found))
    check_visibility(record, basis)


def check_visibility(record: AboutRelease, basis: Basis) -> None:
    """Raise `record-visibility` for a restricted product in a public dossier."""
    if basis.index.visibility == "public" and record.visibility != "open":
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
