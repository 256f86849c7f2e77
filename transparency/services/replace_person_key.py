"""Replace a person's key by another: the new one is enrolled and the old one ends, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from transparency.errors import NotAllowedError, UnusableInputError
from transparency.models import TrustAnchor
from transparency.proofs.signatures.keys import key_from_text
from transparency.services.enrol_anchor import enrol_person_anchor
from transparency.services.revoke_anchor import mark_revoked

if TYPE_CHECKING:
    from transparency.models import Person


def replace_person_key(*, anchor: TrustAnchor, public_text: str, by: Person) -> TrustAnchor:
    """Return the new anchor. Only its owner replaces a key: who chose the new one could sign in the owner's name.

    Raises `key-not-yours`, `key-same`, `key-not-in-use` for an old or new key that was revoked, and what `enrol_person_anchor` raises.
    """
    if anchor.person_id != by.pk or not by.is_active:
        raise NotAllowedError("key-not-yours", expected="the key's owner", found="another one")
    if key_from_text(public_text).fingerprint == anchor.fingerprint:
        raise UnusableInputError("key-same", expected="another key", found=anchor.fingerprint)
    with transaction.atomic():
        old = TrustAnchor.objects.select_for_update().get(pk=anchor.pk)
        if old.revoked_at:
            raise UnusableInputError("key-not-in-use", expected="a key in use", found=old.get_revocation_display())
        new = enrol_person_anchor(person=by, public_text=public_text, enrolled_by=by)
        if new.revoked_at:
            raise UnusableInputError("key-not-in-use", expected="a key in use", found=new.get_revocation_display())
        mark_revoked(old, TrustAnchor.Revocation.SUPERSEDED, f"replaced by {new.fingerprint}")
    return new
