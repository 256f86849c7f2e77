"""Replace a vendor's key by another at a stated time: both in one transaction, as one event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from transparency.errors import UnusableInputError
from transparency.models import Event, TrustAnchor
from transparency.proofs.signatures.keys import key_from_text
from transparency.services.enrol_anchor import keep_product_anchor
from transparency.services.record_event import record_event
from transparency.services.update_certificate import update_certificate

if TYPE_CHECKING:
    from datetime import datetime

    from transparency.models import Person


def rotate_anchor(
    *, anchor: TrustAnchor, public_text: str, changes_at: datetime, reason: str = "", by: Person | None
) -> TrustAnchor:
    """Return the new anchor, which counts from `changes_at` on; the old one counts until then. Repeated, it returns the same.

    Raises `key-same`, `key-not-in-use` for a key that was revoked otherwise, `key-of-another` for one that is no product's own, and what
    `key_from_text` raises.
    """
    if anchor.product is None:  # of all products a keyring brings the next one, and this one is revoked
        raise UnusableInputError("key-of-another", expected="a key of one product", found="a key of an organisation")
    key = key_from_text(public_text)
    if key.fingerprint == anchor.fingerprint:
        raise UnusableInputError("key-same", expected="another key", found=key.fingerprint)
    with transaction.atomic():
        old = TrustAnchor.objects.select_for_update().get(pk=anchor.pk)
        done = old.events.filter(kind=Event.Kind.KEY_ROTATED, before=old.fingerprint, after=key.fingerprint).exists()
        if old.revoked_at and not done:
            raise UnusableInputError("key-not-in-use", expected="a key in use", found=old.get_revocation_display())
        new, created = keep_product_anchor(
            product=anchor.product,
            public_text=public_text,
            enrolled_by=by,
            namespaces=old.namespaces,
            valid_from=changes_at,
            valid_until=None,
            demo=old.demo,
        )
        if not created:
            update_certificate(anchor=new, public_text=public_text, by=by)
        if done:
            return new
        if new.revoked_at:
            raise UnusableInputError("key-not-in-use", expected="a key in use", found=new.get_revocation_display())
        old.revoked_at, old.revocation = changes_at, TrustAnchor.Revocation.SUPERSEDED
        old.revocation_reason = reason
        old.save(update_fields=["revoked_at", "revocation", "revocation_reason"])
        record_event(
            kind=Event.Kind.KEY_ROTATED,
            product=anchor.product,
            anchor=old,
            before=old.fingerprint,
            after=new.fingerprint,
            reason=reason,
            by=by,
        )
    return new
