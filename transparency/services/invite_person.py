"""Invite somebody into an organisation: the only way in. Whoever holds the link once is that person, so it is told once and soon ends."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from transparency.errors import UnusableInputError
from transparency.models import Invitation
from transparency.permissions import require_operator
from transparency.proofs.digest import Digest

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from transparency.models import Organisation, Person

SECRET_BYTES = 32
VALID_FOR = timedelta(days=7)
MAX_NAME_CHARACTERS = 150


def invite_person(*, organisation: Organisation, name: str, by: Person) -> tuple[Invitation, str]:
    """Return the row and the secret of its link, which nobody can be told again (`not-the-operator`, `invitation-name`).

    The operator alone invites: an organisation whose people could let in others would extend who reads what it was given.
    """
    require_operator(by)
    said = name.strip()
    if not 0 < len(said) <= MAX_NAME_CHARACTERS:
        raise UnusableInputError(
            "invitation-name", expected=f"1 to {MAX_NAME_CHARACTERS} characters", found=f"{len(said)}"
        )
    secret = secrets.token_urlsafe(SECRET_BYTES)
    row = Invitation.objects.create(
        organisation=organisation,
        name=said,
        digest=invitation_digest(secret),
        invited_by=by,
        valid_until=timezone.now() + VALID_FOR,
    )
    return row, secret


def open_invitations() -> QuerySet[Invitation]:
    """Neither accepted nor withdrawn, and still good."""
    return Invitation.objects.filter(
        accepted_at__isnull=True, withdrawn_at__isnull=True, valid_until__gt=timezone.now()
    )


def invitation_digest(secret: str) -> str:
    return Digest.of(secret.encode("utf-8", "replace")).hex
