"""Take a vendor's key back, of one product or of all. Its row stays; what it signed is judged by the reason (EDGES, Time)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from transparency.errors import UnusableInputError
from transparency.models import Event, TrustAnchor
from transparency.services.checked_reason import checked_reason
from transparency.services.record_event import record_event

if TYPE_CHECKING:
    from datetime import datetime

    from transparency.models import Person


def revoke_anchor(
    *, anchor: TrustAnchor, revocation: str, reason: str, by: Person | None, revoked_at: datetime | None = None
) -> TrustAnchor:
    """Return the anchor. A key that was replaced or retired may be found compromised later; nothing leads back from that.

    Raises `reason-missing`, `revocation-unknown`, `key-not-in-use`, `key-of-another` for a person's key. Who may revoke which is the
    caller's question.
    """
    said = checked_revocation(revocation, reason)
    if anchor.person_id is not None:
        raise UnusableInputError("key-of-another", expected="a key of a vendor", found="a key of a person")
    with transaction.atomic():
        row, before = mark_revoked(anchor, revocation, said, revoked_at)
        if before == revocation:
            return row
        record_event(
            kind=Event.Kind.KEY_REVOKED,
            product=anchor.product,
            vendor=None if anchor.product else anchor.organisation,
            anchor=row,
            before=before or "in use",
            after=revocation,
            reason=said,
            by=by,
        )
    return row


def checked_revocation(revocation: str, reason: str) -> str:
    """Return the reason without space around it (`revocation-unknown`, `reason-missing`)."""
    if revocation not in TrustAnchor.Revocation.values:
        raise UnusableInputError(
            "revocation-unknown", expected=", ".join(TrustAnchor.Revocation.values), found=revocation[:40]
        )
    return checked_reason(reason)


def mark_revoked(
    anchor: TrustAnchor, revocation: str, reason: str, revoked_at: datetime | None = None
) -> tuple[TrustAnchor, str]:
    """Return the row, revoked so, and how it stood before: empty while in use, equal when nothing changed (`key-not-in-use`).

    In a transaction of the caller's.
    """
    row = TrustAnchor.objects.select_for_update().get(pk=anchor.pk)
    before = row.revocation
    if before == revocation:
        return row, before
    if before and revocation != TrustAnchor.Revocation.COMPROMISED:
        raise UnusableInputError("key-not-in-use", expected="a key in use", found=row.get_revocation_display())
    row.revoked_at = revoked_at or timezone.now()
    row.revocation, row.revocation_reason = revocation, reason
    row.save(update_fields=["revoked_at", "revocation", "revocation_reason"])
    return row, before
