"""Take a person's key back: lost, no longer used, or compromised. The row stays; what it signed is judged by the reason (EDGES, Time).

It is no event in the log: event records are about keys of vendors (docs/formats.md section 4), and a new kind is a new version of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from transparency.errors import NotAllowedError, UnusableInputError
from transparency.permissions import Right, may
from transparency.services.revoke_anchor import checked_revocation, mark_revoked

if TYPE_CHECKING:
    from transparency.models import Person, TrustAnchor


def revoke_person_key(*, anchor: TrustAnchor, revocation: str, reason: str, by: Person) -> TrustAnchor:
    """Return the anchor. By the person, or by the operator where the person cannot; a key that merely ended may be found compromised later.

    Raises `key-not-yours`, `key-of-another` for a vendor's key, `revocation-unknown`, `reason-missing`, `key-not-in-use`.
    """
    if anchor.person_id is None:
        raise UnusableInputError("key-of-another", expected="a key of a person", found="a key of a vendor")
    own = by.is_active and anchor.person_id == by.pk
    if not own and not may(by, Right.OPERATE, None):
        raise NotAllowedError("key-not-yours", expected="its owner, or a person of the operator", found="another one")
    said = checked_revocation(revocation, reason)
    with transaction.atomic():
        row, _ = mark_revoked(anchor, revocation, said)
    return row
