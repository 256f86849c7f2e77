"""Collect everything that a stranger needs to check a release: records, signatures, statements, proofs against one head.

What is in it: every admitted delivery (the subject's first), the builds imported for the subject, the attestations about
it. What is not: quarantine, notes, marks, drafts, people. Permission is the caller's question.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from reviews.models import Attestation
from reviews.services.collect_events import collect_events
from reviews.services.collect_keys import collect_keys
from reviews.services.write_readme import write_readme
from transparency.errors import EvidenceError, UnavailableError
from transparency.models import LogEntry, TrustAnchor
from transparency.proofs.digest import Digest
from transparency.proofs.dossier import BuildsParts, DeliveryParts, DossierParts, LoggedRecord, LogHeadParts
from transparency.proofs.log.proof import format_log_proof
from transparency.proofs.manifest import MAX_MANIFEST_BYTES
from transparency.proofs.records import DECOMPRESSED
from transparency.proofs.trust import format_key_ring
from transparency.queries import admitted_deliveries, product_anchors, prove_entry
from transparency.services.receive_delivery import MAX_LIST_BYTES, MAX_SIGNATURE_BYTES
from transparency.services.stores import objects

if TYPE_CHECKING:
    from transparency.models import BuildList, Delivery, LogHead, Release, SignatureFile, Snapshot

PUBLIC, RESTRICTED = "public", "restricted"


def collect_parts(*, release: Release, head: LogHead) -> DossierParts:
    """Return the parts as of `head`; raise `release-without-subject`, `not-published-yet`, `verifier-missing`."""
    snapshot, product = release.subject, release.product
    if snapshot is None:
        raise EvidenceError("release-without-subject", expected="a release with an admitted source", found="none")
    visibility = RESTRICTED if product.is_restricted else PUBLIC
    attestations = attestations_about(release, snapshot)
    manifest = objects().read(product.store_key, Digest.parse(snapshot.manifest), limit=MAX_MANIFEST_BYTES)
    anchors = TrustAnchor.objects.filter(statements__attestation__in=[row.pk for row in attestations]).distinct()
    ring = collect_keys(
        vendors=[product_anchors(product)],
        authorities=anchors.select_related("organisation"),
    )
    deliveries, builds = list(admitted_deliveries(release)), builds_about(release, snapshot)
    events = collect_events(release=release, deliveries=deliveries, builds=builds, size=head.size)
    return DossierParts(
        visibility=visibility,
        vendor=product.vendor.slug,
        product=product.slug,
        release=release.version,
        manifest=manifest,
        deliveries=tuple(_delivery(row, head) for row in deliveries),
        builds=tuple(_builds(row, head) for row in builds),
        attestations=tuple(_logged(row.entry, bytes(row.envelope), head) for row in attestations),
        log=_log_head(head),
        keys=format_key_ring(ring),
        readme=write_readme(release=release, snapshot=snapshot, visibility=visibility, ring=ring),
        verifier=_verifier(),
        events=tuple(_logged(entry, record, head) for entry, record in events),
    )


def attestations_about(release: Release, snapshot: Snapshot) -> list[Attestation]:
    """The attestations of a release that speak of this snapshot, oldest first."""
    rows = Attestation.objects.filter(release=release, statement__snapshot=snapshot)
    return list(rows.select_related("entry", "statement__anchor", "statement__engagement__authority").order_by("pk"))


def builds_about(release: Release, snapshot: Snapshot) -> list[BuildList]:
    """The imports of builds of a release that speak of this snapshot or of none, oldest first."""
    return list(release.build_lists.filter(manifest__in=("", snapshot.manifest)).order_by("pk"))


def _delivery(row: Delivery, head: LogHead) -> DeliveryParts:
    entry = LogEntry.objects.get(kind="delivery", digest=row.record_digest)
    return DeliveryParts(_logged(entry, bytes(row.record or b""), head), _signatures(row), _cover(row))


def _cover(row: Delivery) -> bytes | None:
    """The checksum list or the text that was signed in the archive's stead; a decompressed tar is not kept."""
    if row.cover is None or row.cover["form"] == DECOMPRESSED:
        return None
    return objects().read(row.release.product.store_key, Digest.parse(row.cover["sha256"]), limit=MAX_LIST_BYTES)


def _builds(row: BuildList, head: LogHead) -> BuildsParts:
    entry = LogEntry.objects.get(kind="builds", digest=row.record_digest)
    compartment = row.release.product.store_key
    listing = objects().read(compartment, Digest.parse(row.sha256), limit=MAX_LIST_BYTES) if row.sha256 else None
    return BuildsParts(_logged(entry, bytes(row.record), head), listing, _signatures(row))


def _signatures(row: Delivery | BuildList) -> tuple[bytes, ...]:
    """The signature files in the order in which the record names them: those over single files of a description are not in it."""
    compartment = row.release.product.store_key
    named: list[SignatureFile] = [each for each in row.signatures.order_by("position") if not each.over_file]
    return tuple(
        objects().read(compartment, Digest.parse(each.sha256), limit=MAX_SIGNATURE_BYTES + 1) for each in named
    )


def _logged(entry: LogEntry, record: bytes, head: LogHead) -> LoggedRecord:
    return LoggedRecord(
        record=record,
        leaf=bytes(entry.leaf),
        proof=format_log_proof(prove_entry(entry, head)),
        opening=None if entry.opening is None else bytes(entry.opening),
    )


def _log_head(head: LogHead) -> LogHeadParts:
    """The newest entry's leaf is public in the log, commitments and all; its opening is never put in."""
    newest = LogEntry.objects.get(index=head.size - 1)
    return LogHeadParts(
        checkpoint=bytes(head.checkpoint),
        leaf=bytes(newest.leaf),
        proof=format_log_proof(prove_entry(newest, head)),
    )


def _verifier() -> bytes:
    program = files("transparency.verifier") / "verify.py"
    if not program.is_file():
        raise UnavailableError("verifier-missing", expected="transparency/verifier/verify.py", found="no such file")
    return program.read_bytes()
