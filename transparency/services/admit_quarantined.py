"""Decide a delivery in quarantine anew: with the keys enrolled since, or by the operator's stated reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transparency.errors import NotAllowedError, UnusableInputError
from transparency.models import Delivery, Job, Person
from transparency.permissions import Right, may
from transparency.services.checked_reason import checked_reason
from transparency.services.create_job import create_job
from transparency.services.receive_delivery import anchors_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

ADMISSIBLE_BY_REASON = frozenset({"expired", "weak"})


def admit_quarantined(*, delivery: Delivery, outcome: str, reason: str, by: Person, send: bool = True) -> Job:
    """Ask for the import of an `expired` or `weak` delivery as exactly that; the reason is logged with it.

    Raises `operator-only`, `not-in-quarantine`, `reason-missing`, and `not-admissible` when the delivery has another verdict, one that
    no reason can admit, or a refused member.
    """
    if not may(by, Right.OPERATE, None):
        raise NotAllowedError("operator-only", expected="a person of the operator", found="somebody else")
    said = checked_reason(reason)
    if outcome not in ADMISSIBLE_BY_REASON or delivery.verdict != outcome or delivery.refused:
        found = "a refused member" if delivery.refused else delivery.verdict
        raise UnusableInputError("not-admissible", expected="a delivery that is expired or weak", found=found)
    return import_again(
        delivery=delivery, by=by, admission={"outcome": outcome, "reason": said, "by": by.pk}, send=send
    )


def quarantined_with(delivery: Delivery) -> list[Delivery]:
    """What came in the same job as this one and is in quarantine, itself among them, the distribution's tree first."""
    return list(Delivery.objects.filter(job=delivery.job_id, state=Delivery.State.QUARANTINED).order_by("pk"))


def admitted_together(delivery: Delivery) -> list[Delivery]:
    """Those of them that one reason admits: they rest on the same signature, have the same verdict, and no refused member."""
    same = (row for row in quarantined_with(delivery) if (row.cover, row.verdict) == (delivery.cover, delivery.verdict))
    return [row for row in same if not row.refused]


def import_again(
    *, delivery: Delivery, by: Person | None, admission: Mapping[str, Any] | None = None, send: bool = True
) -> Job:
    """The job that judges and reads a quarantined delivery once more, from the files as they came (`not-in-quarantine`).

    What came with it comes along, and gives the same job; with an operator's reason, what that reason admits.
    """
    if delivery.state != Delivery.State.QUARANTINED:
        raise UnusableInputError("not-in-quarantine", expected="a delivery in quarantine", found=delivery.state)
    together = admitted_together(delivery) if admission else quarantined_with(delivery)
    payload = {
        **delivery.job.payload,
        "anchors": anchors_digest(delivery.release),
        "again": together[0].pk if together else delivery.pk,
        "admission": dict(admission) if admission else None,
    }
    return create_job(kind=delivery.job.kind, payload=payload, requested_by=by, send=send)
