"""Perform an import: judge the signatures, read the members once, keep the snapshot or put the delivery into quarantine.

1. Judge every signature over exactly the stored bytes, against the keys enrolled for the product.
2. Only an admissible delivery is parsed, except by a dry run: one streaming pass through path policy and limits (read_archive.py).
3. Everything becomes visible in one transaction together with the job's end and the log leaf, or not at all.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from django.db import transaction

from transparency.errors import EvidenceError
from transparency.gateways.sandbox import Meter
from transparency.models import Delivery, Person
from transparency.services.admit_delivery import admit_delivery, quarantine_delivery
from transparency.services.arrival import Arrival, arrival_of
from transparency.services.claim_job import finish_job
from transparency.services.judge_arrival import judge_arrival
from transparency.services.note_progress import note_progress
from transparency.services.read_archive import Heartbeat, StoredIntake, read_archive
from transparency.services.receive_sbom import receive_sbom
from transparency.services.stored_files import StoredFile

if TYPE_CHECKING:
    from transparency.proofs.signatures.judge import Verdict
    from transparency.services.claim_job import Claim


def import_snapshot(claim: Claim) -> None:
    """Do the whole import for a claimed job; LeaseLostError when overtaken, and then nothing was kept."""
    meter = Meter()
    arrival, verdict, intake = judge_and_read(claim, arrival_of(claim), meter)
    with transaction.atomic():
        delivery = keep_delivery(claim, arrival, verdict, intake)
        result = {"delivery": delivery.pk, "contained": asdict(meter)}
        finish_job(claim, result=result | _bill(claim, delivery))


def _bill(claim: Claim, delivery: Delivery) -> dict[str, str]:
    """The job that compares the bill of materials that came along, for a delivery that was let in."""
    bill = claim.payload.get("sbom")
    if bill is None or delivery.state != Delivery.State.ADMITTED:
        return {}
    sender = Person.objects.filter(pk=claim.payload["sender"]).first() if claim.payload["sender"] else None
    document = StoredFile.from_json(bill)
    job = receive_sbom(release=delivery.release, document=document, delivery=delivery, sender=sender)
    return {"sbomJob": str(job.pk)}


def judge_and_read(claim: Claim, given: Arrival, meter: Meter) -> tuple[Arrival, Verdict, StoredIntake | None]:
    """The arrival with what is covered, the verdict, and what the pass found when the verdict lets it happen (`admission-outdated`)."""
    note_progress(claim, text=f"Checking {len(given.signatures)} signature files over {given.archive.name}.")
    arrival, verdict = judge_arrival(given, meter, Heartbeat(claim, given.archive.size, "checking signatures"))
    note_progress(claim, text=f"The verdict is {verdict.outcome}: {verdict.code}.")
    if arrival.is_read(verdict):
        intake = read_archive(
            claim, release=arrival.release, archive=arrival.archive, meter=meter, keep=not arrival.dry_run
        )
        note_progress(claim, text=_read(intake))
        return arrival, verdict, intake
    if arrival.admission:
        raise EvidenceError("admission-outdated", expected=arrival.admission.outcome, found=verdict.outcome)
    return arrival, verdict, None


def _read(stored: StoredIntake) -> str:
    found = stored.intake
    return f"Read {found.files} files: {len(found.flagged)} members flagged, {len(found.refused)} refused."


def keep_delivery(claim: Claim, arrival: Arrival, verdict: Verdict, intake: StoredIntake | None) -> Delivery:
    """Inside a transaction: admit what may be and was read without a refusal, put everything else into quarantine."""
    if intake is None or intake.refused or verdict.outcome not in arrival.admissible:
        return quarantine_delivery(job=claim.job, arrival=arrival, verdict=verdict, intake=intake)
    return admit_delivery(job=claim.job, arrival=arrival, verdict=verdict, intake=intake)
