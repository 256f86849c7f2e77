"""Judge everything of a product anew, with the keys as they are enrolled now. What the signatures cover is not read again.

1. Each delivery that is admitted or in quarantine, and each checksum list, is judged as it was when it came (judge_arrival.py; what
   rests on a .dsc, judge_debian.py).
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
from transparency.proofs.records import DSC
from transparency.services import receive_git
from transparency.services.admit_quarantined import import_again
from transparency.services.arrival import Arrival, Cover
from transparency.services.change_verdict import change_verdict
from transparency.services.claim_job import finish_job, keep_claim
from transparency.services.create_job import create_job
from transparency.services.debian_source import UPSTREAM
from transparency.services.judge_arrival import judge_arrival
from transparency.services.judge_debian import judge_debian_again
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
    deliveries = deliveries.exclude(
        job__kind=receive_git.KIND, git__isnull=True
    )  # no object was found whose signature could be judged
    lists = BuildList.objects.filter(release__product=product).exclude(sha256="")
    rows: list[Judged] = [*deliveries.select_related(*_NEEDED, "snapshot"), *lists.select_related(*_NEEDED)]
    note_progress(claim, text=f"Checking {len(rows)} deliveries and checksum lists again.")
    for number, row in enumerate(rows, start=1):
        keep_claim(claim, progress={"step": f"Checking {number} of {len(rows)}: {_name(row)}"})
        _judge_again(done, row)
    note_progress(claim, text=f"{len(done.changed)} verdicts changed, {len(done.unjudged)} could not be decided now.")
    finish_job(claim, result={"judged": len(rows), "changed": done.changed, "unjudged": done.unjudged})


def _judge_again(done: _Round, row: Judged) -> None:
    own = (item.sha256 for item in row.signatures.order_by("position") if not item.over_file)
    signatures = tuple(dict.fromkeys(own))
    try:
        verdict, beside = _judge(done.claim, row, signatures)
    except LeaseLostError:
        raise
    except (EvidenceError, UnavailableError) as error:
        done.unjudged.append(_told(row) | {"code": error.code})
        return
    outcomes = [(verdict.outcome, verdict.code), *((item.outcome, item.code) for item in verdict.beside)]
    if undecided := [code for outcome, code in outcomes if outcome == "unavailable"]:
        done.unjudged.append(_told(row) | {"code": undecided[0]})
        return
    with transaction.atomic():
        keep_claim(done.claim, progress={"step": f"Checked {_name(row)}"})
        _keep(done, type(row).objects.select_for_update().get(pk=row.pk), verdict, signatures, beside)


def _judge(claim: Claim, row: Judged, signatures: Sequence[str]) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict, and the digests of the signature files that are over single files."""
    if isinstance(row, Delivery):
        arrival = _arrival_of(row, signatures)
        beat = Heartbeat(claim, row.archive_size, f"Checking {_name(row)}")
        if arrival.cover is not None and arrival.cover.form == DSC:
            judged, verdict = judge_debian_again(arrival, row.job.payload, tick=beat)
        else:
            judged, verdict = judge_arrival(arrival, tick=beat)
        return verdict, tuple(item.signature for item in judged.beside)
    logged = LogEntry.objects.filter(kind="builds", digest=row.record_digest).first()
    verdict = judge_file(
        product=row.release.product,
        file=StoredFile.from_json(row.job.payload["list"]),
        signatures=signatures,
        logged_at=logged.created_at if logged else None,
        tick=Heartbeat(claim, 0, f"Checking {_name(row)}"),
    )
    return verdict, ()


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
        git=row.git,
    )


def _keep(done: _Round, row: Judged, verdict: Verdict, signatures: Sequence[str], beside: Sequence[str]) -> None:
    """Inside the transaction that holds the row: somebody may have withdrawn or admitted it while it was judged."""
    before = row.verdict
    told = _told(row) | {"before": before, "after": verdict.outcome}
    if isinstance(row, Delivery):
        if row.state == Delivery.State.WITHDRAWN:
            return
        if row.state == Delivery.State.QUARANTINED and not row.refused and _vouched(row, verdict):
            done.changed.append(told | {"job": str(import_again(delivery=row, by=done.by).pk)})
            return
    if change_verdict(judged=row, verdict=verdict, signatures=signatures, beside=beside, by=done.by):
        done.changed.append(told)


def _vouched(row: Delivery, verdict: Verdict) -> bool:
    """Whether an import would let it in: also an upstream archive that can rest on a signature of its own now, and not on its .dsc's."""
    own = any(finding.outcome == "valid" for finding in verdict.beside)
    return verdict.outcome == "valid" or (row.role == UPSTREAM and own)


def _told(row: Judged) -> dict[str, Any]:
    return {"delivery" if isinstance(row, Delivery) else "builds": row.pk, "name": _name(row)}


def _name(row: Judged) -> str:
    return row.archive_name if isinstance(row, Delivery) else row.name
