"""Keep what an import found, in one transaction: an admitted delivery with its snapshot and log leaf, or one in quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from transparency.models import Delivery, Event, Person, Release, SignatureFile, Snapshot, SnapshotPack
from transparency.proofs.digest import Digest
from transparency.proofs.packages.release import against_release
from transparency.proofs.records import (
    ArchiveFile,
    DeliveryRecord,
    RecordedComponent,
    RecordedCover,
    RecordedSignature,
    RecordedSnapshot,
    RecordedVerdict,
    format_delivery_record,
)
from transparency.registries import after_import
from transparency.services.git_objects import recorded_git
from transparency.services.log_record import log_record
from transparency.services.record_event import record_event

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from transparency.models import BuildList
    from transparency.proofs.signatures.judge import SignatureFinding, Step, Verdict
    from transparency.proofs.sources.intake import Intake
    from transparency.proofs.sources.paths import Finding
    from transparency.services.arrival import Admission, Arrival
    from transparency.services.read_archive import StoredIntake
    from transparency.services.stored_files import StoredFile


def admit_delivery(*, job: UUID, arrival: Arrival, verdict: Verdict, intake: StoredIntake) -> Delivery:
    """Snapshot, delivery, record and leaf, in the caller's transaction. The first admitted delivery gives the release its subject.

    What was withdrawn stays withdrawn: the same files with the same signatures lead to the delivery as it stands.
    """
    if decided := _decided_meanwhile(arrival):
        return decided
    release = arrival.release
    snapshot = _keep_snapshot(release, intake)
    record = format_delivery_record(_record(arrival, verdict, intake, snapshot))
    digest = Digest.of(record)
    known = Delivery.objects.filter(release=release, record_digest=digest.hex)
    delivery = known.exclude(state=Delivery.State.QUARANTINED).first() or _keep_delivery(
        job,
        arrival,
        verdict,
        intake,
        state=Delivery.State.ADMITTED,
        snapshot=snapshot,
        record=record,
        record_digest=digest.hex,
    )
    if delivery.state == Delivery.State.ADMITTED and arrival.may_be_subject:
        # Asked of the row, not of what was read of it before the archive was: another import may have been faster.
        Release.objects.filter(pk=release.pk, subject__isnull=True).update(subject=snapshot)
    subjects = [("manifest", Digest.parse(snapshot.manifest)), ("opening", Digest.parse(snapshot.opening_root))]
    log_record(
        kind="delivery",
        digest=digest,
        subjects=subjects,
        organisation=release.product.vendor,
        product=release.product,
    )
    if arrival.admission:
        _tell_admission(delivery, arrival.admission)
    for notify in after_import:
        transaction.on_commit(lambda notify=notify: notify(snapshot.pk))  # type: ignore[misc]
    return delivery


def quarantine_delivery(*, job: UUID, arrival: Arrival, verdict: Verdict, intake: StoredIntake | None) -> Delivery:
    """Keep the delivery where only its sender, its vendor and the operator see it, with the reasons."""
    if decided := _decided_meanwhile(arrival):
        return decided
    return _keep_delivery(job, arrival, verdict, intake, state=Delivery.State.QUARANTINED, snapshot=None)


def _decided_meanwhile(arrival: Arrival) -> Delivery | None:
    """The row that was to be decided anew, when another import let it out of quarantine before this one."""
    row = Delivery.objects.select_for_update().filter(pk=arrival.again).first() if arrival.again else None
    return row if row and row.state != Delivery.State.QUARANTINED else None


def _tell_admission(delivery: Delivery, admission: Admission) -> None:
    """The operator's reason is an event of its own in the log, once."""
    if not delivery.events.filter(kind=Event.Kind.ADMITTED).exists():
        record_event(
            kind=Event.Kind.ADMITTED,
            product=delivery.release.product,
            release=delivery.release,
            delivery=delivery,
            before=Delivery.State.QUARANTINED,
            after=f"{Delivery.State.ADMITTED} as {delivery.verdict}",
            reason=admission.reason,
            by=Person.objects.filter(pk=admission.by).first() if admission.by else None,
        )


def keep_signatures(
    verdict: Verdict,
    files: Sequence[str],
    *,
    beside: Sequence[str] = (),
    delivery: Delivery | None = None,
    builds: BuildList | None = None,
) -> None:
    """Rows for every signature that was judged; `files` are the digests of the files they came in, by finding.

    Steps that belong to no single signature stand after the last one's. Then come those over single files, of the files `beside`.
    """
    last = len(verdict.findings) - 1
    told = [
        (files[finding.file], signature_values(finding, verdict.steps if number == last else ()))
        for number, finding in enumerate(verdict.findings)
    ]
    told += [(beside[finding.file], signature_values(finding)) for finding in verdict.beside]
    SignatureFile.objects.bulk_create(
        SignatureFile(delivery=delivery, build_list=builds, position=position, sha256=name, **values)
        for position, (name, values) in enumerate(told, start=1)
    )


def signature_values(finding: SignatureFinding, more: Sequence[Step] = ()) -> dict[str, Any]:
    """What the row of a signature says of it; `more` are steps that stand after its own."""
    return {
        "format": finding.format or "",
        "key": finding.key or "",
        "outcome": finding.outcome,
        "code": finding.code,
        "steps": [
            {"name": step.name, "status": step.status, "expected": step.expected, "found": step.found}
            for step in (*finding.steps, *more)
        ],
    }


def recorded_signatures(verdict: Verdict, files: Sequence[str]) -> tuple[RecordedSignature, ...]:
    return tuple(
        RecordedSignature(
            sha256=Digest.parse(files[finding.file]),
            format=finding.format,
            key=finding.key,
            outcome=finding.outcome,
            code=finding.code,
        )
        for finding in verdict.findings
    )


def recorded_verdict(verdict: Verdict) -> RecordedVerdict:
    return RecordedVerdict(outcome=verdict.outcome, code=verdict.code, policy=verdict.policy)


def _keep_snapshot(release: Release, intake: StoredIntake) -> Snapshot:
    result, stored = intake.intake, intake.objects
    if stored is None or intake.opening_root is None or result.git_tree is None:
        raise AssertionError("a refused intake has no snapshot")
    snapshot, created = Snapshot.objects.get_or_create(
        product=release.product,
        manifest=Digest.of(result.manifest).hex,
        defaults={
            "opening_root": intake.opening_root.hex,
            "opening_secret": intake.opening_secret,
            "git_tree": result.git_tree,
            "dir_hash": result.dir_hash,
            "files": result.files,
            "bytes": result.bytes,
            "lines": result.lines,
            "file_table": stored.file_table.hex,
        },
    )
    if created:
        SnapshotPack.objects.create(snapshot=snapshot, position=0, pack=stored.pack.hex, index=stored.index.hex)
    return snapshot


def _keep_delivery(
    job: UUID, arrival: Arrival, verdict: Verdict, intake: StoredIntake | None, **values: Any
) -> Delivery:
    """A new row; or, where a delivery in quarantine is decided anew, the same row, so that its page keeps its address."""
    found = intake.intake if intake else None
    archive = arrival.archive
    values |= {
        "release": arrival.release,
        "role": arrival.role,
        "archive_name": archive.name,
        "archive_size": archive.size,
        "archive_sha256": archive.sha256,
        "archive_sha512": archive.sha512,
        "archive_blake2b512": archive.blake2b512,
        "signature_over": arrival.over,
        "cover": arrival.cover.as_json() if arrival.cover else None,
        "git": arrival.git,
        "components": [_component_json(item) for item in arrival.components],
        "derived_from": arrival.derived_from,
        "prefix": found.prefix if found else "",
        "swhid": (found.swhid or "") if found else "",
        "flagged": [finding.as_json() for finding in (*_of_package(arrival, found), *found.flagged)] if found else [],
        "package": found.package.as_json() if found and found.package else None,
        "refused": [finding.as_json() for finding in found.refused] if found else [],
        "verdict": verdict.outcome,
        "verdict_code": verdict.code,
        "policy": verdict.policy,
        "sender_id": arrival.sender,
        "job_id": job,
    }
    quarantined = Delivery.objects.filter(role=arrival.role, release=arrival.release, state=Delivery.State.QUARANTINED)
    again = quarantined.filter(pk=arrival.again).first() if arrival.again else None
    if again:
        again.signatures.all().delete()
        Delivery.objects.filter(pk=again.pk).update(**values)
        again.refresh_from_db()
    delivery = again or Delivery.objects.create(**values)
    beside = [item.signature for item in arrival.beside]
    keep_signatures(verdict, arrival.signatures, beside=beside, delivery=delivery)
    return delivery


def _of_package(arrival: Arrival, found: Intake) -> tuple[Finding, ...]:
    """What is odd about the package, in itself and beside its release; first, so that no long list hides it."""
    if found.package is None:
        return ()
    product = arrival.release.product
    names = (product.slug, product.name)
    return (
        *found.package.findings,
        *against_release(found.package, names=dict.fromkeys(names), version=arrival.release.version),
    )


def _component_json(file: StoredFile) -> dict[str, Any]:
    return {"name": file.name, "size": file.size, "sha256": file.sha256}


def _record(arrival: Arrival, verdict: Verdict, intake: StoredIntake, snapshot: Snapshot) -> DeliveryRecord:
    release, origin = arrival.release, arrival.derived_from
    return DeliveryRecord(
        vendor=release.product.vendor.slug,
        product=release.product.slug,
        release=release.version,
        visibility=release.product.visibility,
        role=arrival.role,
        archive=_recorded_file(arrival.archive),
        prefix=intake.intake.prefix,
        snapshot=RecordedSnapshot(
            manifest=Digest.parse(snapshot.manifest),
            opening_root=Digest.parse(snapshot.opening_root),
            git_tree=snapshot.git_tree,
            swhid=intake.intake.swhid or "",
            dir_hash=snapshot.dir_hash,
            files=snapshot.files,
            bytes=snapshot.bytes,
            lines=snapshot.lines,
        ),
        signatures=recorded_signatures(verdict, arrival.signatures),
        verdict=recorded_verdict(verdict),
        cover=RecordedCover(arrival.cover.form, _recorded_file(arrival.cover.file)) if arrival.cover else None,
        components=tuple(RecordedComponent(item.name, item.size, item.digest) for item in arrival.components),
        derived_from=Digest.parse(origin.snapshot.manifest) if origin and origin.snapshot else None,
        git=recorded_git(release.product, arrival.git) if arrival.git else None,
    )


def _recorded_file(file: StoredFile) -> ArchiveFile:
    return ArchiveFile(file.name, file.size, file.digest, file.sha512, file.blake2b512)
