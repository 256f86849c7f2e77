"""Decide a delivery in quarantine anew: with the keys enrolled since, or by the operator's stated reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transparency.errors import NotAllowedError, UnusableInputError
from transparency.models import Delivery, Job, Person
from transparency.permissions import Right, may
from transparency.services.create_job import create_job
from transparency.services.receive_delivery import anchors_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

ADMISSIBLE_BY_REASON = frozenset({"expired", "weak"})
MAX_REASON_CHARACTERS = 2000


def admit_quarantined(*, delivery: Delivery, outcome: str, reason: str, by: Person, send: bool = True) -> Job:
    """Ask for the import of an `expired` or `weak` delivery as exactly that; the reason is logged with it.

    Raises `operator-only`, `not-in-quarantine`, `reason-missing`, and `not-admissible` when the delivery has another verdict, one that
    no reason can admit, or a refused member.
    """
    if not may(by, Right.OPERATE, None):
        raise NotAllowedError("operator-only", expected="a person of the operator", found="somebody else")
    said = reason.strip()
    if not said or len(said) > MAX_REASON_CHARACTERS:
        raise UnusableInputError(
            "reason-missing", expected=f"a reason of 1 to {MAX_REASON_CHARACTERS} characters", found=str(len(said))
        )
    if outcome not in ADMISSIBLE_BY_REASON or delivery.verdict != outcome or delivery.refused:
        found = "a refused member" if delivery.refused else delivery.verdict
        raise UnusableInputError("not-admissible", expected="a delivery that is expired or weak", found=found)
    return import_again(
        delivery=delivery, by=by, admission={"outcome": outcome, "reason": said, "by": by.pk}, send=send
    )


def import_again(
    *, delivery: Delivery, by: Person | None, admission: Mapping[str, Any] | None = None, send: bool = True
) -> Job:
    """The job that judges and reads a quarantined delivery once more, from the files as they came (`not-in-quarantine`)."""
    if delivery.state != Delivery.State.QUARANTINED:
        raise UnusableInputError("not-in-quarantine", expected="a delivery in quarantine", found=delivery.state)
    payload = {
        **delivery.job.payload,
        "anchors": anchors_digest(delivery.release),
        "again": delivery.pk,
        "admission": dict(admission) if admission else None,
    }
    return create_job(kind=delivery.job.kind, payload=payload, requested_by=by, send=send)
