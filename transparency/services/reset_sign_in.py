"""Give a person a new way in who lost the old one, once somebody made sure who they are: passkeys, codes, tokens and sessions end."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone

from transparency.models import AccountChange, Person
from transparency.services.checked_reason import checked_reason
from transparency.services.end_sessions import end_sessions

_PASSWORD_BYTES = 15


@dataclass(frozen=True, slots=True)
class SignInReset:
    """How many passkeys are gone and how many tokens were revoked; the password to begin with where a new one was wanted."""

    passkeys: int
    tokens: int
    password: str | None


@transaction.atomic
def reset_sign_in(*, person: Person, reason: str, new_password: bool = False) -> SignInReset:
    """Return what ended (`reason-missing`). Whoever held the lost passkey may have issued tokens: they go with it.

    It stands among the account's changes with its reason, as an act of whoever has the machine.
    """
    said = checked_reason(reason)
    row = Person.objects.select_for_update().get(pk=person.pk)
    owned = Authenticator.objects.filter(user=row)
    passkeys = owned.filter(type=Authenticator.Type.WEBAUTHN).count()
    owned.delete()
    tokens = row.tokens.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())
    password = secrets.token_urlsafe(_PASSWORD_BYTES) if new_password else None
    if password is not None:
        row.set_password(password)
        row.save(update_fields=["password"])
    AccountChange.objects.create(person=row, active=row.is_active, reason=f"Sign-in reset: {said}", by=None)
    end_sessions(person=row)
    return SignInReset(passkeys, tokens, password)
