"""Judge everything of a product anew, with the keys as they are enrolled now. What the signatures cover is not read again.

1. Each delivery that is admitted or in quarantine, and each checksum list, is judged as it was when it came (judge_arrival.py).
2. A verdict that is another than before is written down at once, with its event and leaf (change_verdict.py).
3. One in quarantine that is valid now is imported: that is another job.

What cannot be decided now keeps its verdict and is listed: an error never makes an answer better, and weather never makes it worse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from transparency.errors import EvidenceError, LeaseLostError, UnavailableError
from transparency.models import BuildList, Delivery, Job, LogEntry, Product
from transparency.services.admit_quarantined import import_again
from transparency.services.arrival import Arrival, Cover
from transparency.services.change_verdict import change_verdict
from transparency.services.claim_job import finish_job, keep_claim
from transparency.services.create_job import create_job
from transparency.services.judge_arrival import judge_arrival
from transparency.services.judge_files import judge_file
from transparency.services.note_progress import note_progress
from transparency.services.read_archive import Heartbeat
from transparency.services.stored_files import StoredFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.models import Person
    from transparency.proofs.signatures.judge import Verdict
    from transparency.services.claim_job import Claim

KIND = "reverify"
Judged = Delivery | BuildList
_OPEN = (Job.State.QUEUED, Job.State.RUNNING)
_NEEDED = ("release__product__vendor", "job")


@dataclass(slots=True)
class _Round:
    """One round over a product, and what it has found so far."""

    claim: Claim
    by: Person | None
    changed: list[dict[str, Any]]
    unjudged: list[dict[str, Any]]


def request_reverification(*, product: Product, by: Person | None, send: bool = True) -> Job:
    """The job of a new round, or of the one that waits or runs."""
    rounds = Job.objects.filter(kind=KIND, payload__product=product.pk)
    if current := rounds.filter(state__in=_OPEN).first():
        return current
    payload = {"product": product.pk, "round": rounds.count()}
    return create_job(kind=KIND, payload=payload, requested_by=by, send=send)


def reverify_product(claim: Claim) -> None:
    """Do a whole round for a claimed job. Interrupted, it can begin again: what is as it should be is left alone."""
    product = Product.objects.select_related("vendor").get(pk=claim.payload["product"])
    done = _Round(claim, Job.objects.select_related("requested_by").get(pk=claim.job).requested_by, [], [])
    deliveries = Delivery.objects.filter(release__product=product).exclude(state=Delivery.State.WITHDRAWN)
    lists = BuildList.objects.filter(release__product=product).exclude(sha256="")
    rows: list[Judged] = [*deliveries.select_related(*_NEEDED, "snapshot"), *lists.select_related(*_NEEDED)]
    note_progress(claim, text=f"Checking {len(rows)} deliveries and checksum lists again.")
    for number, row in enumerate(rows, start=1):
        keep_claim(claim, progress={"step": f"Checking {number} of {len(rows)}: {_name(row)}"})
        _judge_again(done, row)
    note_progress(claim, text=f"{len(done.changed)} verdicts changed, {len(done.unjudged)} could not be decided now.")
    finish_job(claim, result={"judged": len(rows), "changed": done.changed, "unjudged": done.unjudged})


def _judge_again(done: _Round, row: Judged) -> None:
    signatures = tuple(dict.fromkeys(row.signatures.order_by("position").values_list("sha256", flat=True)))
    try:
        verdict = _judge(done.claim, row, signatures)
    except LeaseLostError:
        raise
    except (EvidenceError, UnavailableError) as error:
        done.unjudged.append(_told(row) | {"code": error.code})
        return
    if verdict.outcome == "unavailable":
        done.unjudged.append(_told(row) | {"code": verdict.code})
        return
    with transaction.atomic():
        keep_claim(done.claim, progress={"step": f"Checked {_name(row)}"})
        _keep(done, type(row).objects.select_for_update().get(pk=row.pk), verdict, signatures)


def _judge(claim: Claim, row: Judged, signatures: Sequence[str]) -> Verdict:
    if isinstance(row, Delivery):
        beat = Heartbeat(claim, row.archive_size, f"Checking {_name(row)}")
        return judge_arrival(_arrival_of(row, signatures), tick=beat)[1]
    logged = LogEntry.objects.filter(kind="builds", digest=row.record_digest).first()
    return judge_file(
        product=row.release.product,
        file=StoredFile.from_json(row.job.payload["list"]),
        signatures=signatures,
        logged_at=logged.created_at if logged else None,
        tick=Heartbeat(claim, 0, f"Checking {_name(row)}"),
    )


def _arrival_of(row: Delivery, signatures: Sequence[str]) -> Arrival:
    """The delivery as it arrived, from its row: its job may have brought others as well."""
    return Arrival(
        release=row.release,
        role=row.role,
        archive=StoredFile(
            row.archive_name, row.archive_size, row.archive_sha256, row.archive_sha512, row.archive_blake2b512
        ),
        signatures=tuple(signatures),
        over=row.signature_over,
        cover=Cover(row.cover["form"], StoredFile.from_json(row.cover)) if row.cover else None,
        derived_from=row.derived_from,
    )


def _keep(done: _Round, row: Judged, verdict: Verdict, signatures: Sequence[str]) -> None:
    """Inside the transaction that holds the row: somebody may have withdrawn or admitted it while it was judged."""
    before = row.verdict
    told = _told(row) | {"before": before, "after": verdict.outcome}
    if isinstance(row, Delivery):
        if row.state == Delivery.State.WITHDRAWN:
            return
        if row.state == Delivery.State.QUARANTINED and verdict.outcome == "valid" and not row.refused:
            done.changed.append(told | {"job": str(import_again(delivery=row, by=done.by).pk)})
            return
    if change_verdict(judged=row, verdict=verdict, signatures=signatures, by=done.by):
        done.changed.append(told)


def _told(row: Judged) -> dict[str, Any]:
    return {"delivery" if isinstance(row, Delivery) else "builds": row.pk, "name": _name(row)}


def _name(row: Judged) -> str:
    return row.archive_name if isinstance(row, Delivery) else row.name
