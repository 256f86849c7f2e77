"""Take an admitted delivery back: it stays, with who did it, when and why; the release may get another subject, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from transparency.errors import UnusableInputError
from transparency.models import Delivery, Event, Release
from transparency.services.checked_reason import checked_reason
from transparency.services.record_event import record_event

if TYPE_CHECKING:
    from transparency.models import Person

# A tree that we made by applying patches is never what is attested unless somebody chose it.
SUBJECT_ROLES = ("release-archive", "signed-tag", "signed-commit", "upstream", "distribution")


def withdraw_delivery(*, delivery: Delivery, reason: str, by: Person | None) -> Delivery:
    """Return the delivery, withdrawn now or before. Whether `by` may is the caller's question.

    A subject that no admitted delivery gives any more moves to the oldest other one's snapshot (`SUBJECT_ROLES`), else the release has
    none. Raises `reason-missing`, `not-admitted` for one in quarantine.
    """
    said = checked_reason(reason)
    with transaction.atomic():
        release = Release.objects.select_for_update().get(pk=delivery.release_id)
        row = Delivery.objects.select_for_update().get(pk=delivery.pk)
        if row.state == Delivery.State.WITHDRAWN:
            return row
        if row.state != Delivery.State.ADMITTED:
            raise UnusableInputError("not-admitted", expected="an admitted delivery", found=row.get_state_display())
        row.state = Delivery.State.WITHDRAWN
        row.save(update_fields=["state"])
        _move_subject(release)
        record_event(
            kind=Event.Kind.WITHDRAWN,
            product=release.product,
            release=release,
            delivery=row,
            before=Delivery.State.ADMITTED,
            after=Delivery.State.WITHDRAWN,
            reason=said,
            by=by,
        )
    return row


def _move_subject(release: Release) -> None:
    admitted = release.deliveries.filter(state=Delivery.State.ADMITTED)
    if admitted.filter(snapshot=release.subject_id).exists():
        return
    next_one = admitted.filter(role__in=SUBJECT_ROLES, snapshot__isnull=False).order_by("pk").first()
    release.subject = next_one.snapshot if next_one else None
    release.save(update_fields=["subject"])
