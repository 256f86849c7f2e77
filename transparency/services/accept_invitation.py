"""Become a person of the organisation by an invitation's link: once, in one transaction, so that of two at once one wins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from transparency.errors import UnusableInputError
from transparency.models import Invitation, Person
from transparency.services.invite_person import invitation_digest, open_invitations

if TYPE_CHECKING:
    from django.db.models import QuerySet

# One spelling each: what looks alike must not be two people.
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}\Z")
MAX_NAME_CHARACTERS = 150


def accept_invitation(*, secret: str, username: str, full_name: str, password: str, email: str = "") -> Person:
    """Return the new person (`invitation-unknown` for a link that is wrong, used, expired or withdrawn; `username-malformed`,
    `username-taken`, `name-malformed`, `password-refused`, `email-malformed`).
    """
    fresh = Person(username=username, first_name=full_name.strip(), email=email.strip())
    if not _USERNAME.match(username):
        raise UnusableInputError("username-malformed", expected="2 to 63 of a-z 0-9 . _ -", found=username[:80])
    if not 0 < len(fresh.first_name) <= MAX_NAME_CHARACTERS:
        raise UnusableInputError(
            "name-malformed", expected=f"1 to {MAX_NAME_CHARACTERS} characters", found="another length"
        )
    _check_password(password, fresh)
    fresh.password = make_password(password)  # slow on purpose, so not while rows are locked
    with transaction.atomic():
        invitation = invitation_of(secret).select_for_update(of=("self",)).first()
        if invitation is None:
            raise UnusableInputError("invitation-unknown", expected="a link that is still good", found="another one")
        if Person.objects.filter(username__iexact=username).exists():
            raise UnusableInputError("username-taken", expected="a name of nobody else", found=username)
        fresh.organisation = invitation.organisation
        _check_rest(fresh)
        _save(fresh)
        invitation.accepted_at, invitation.accepted_by = timezone.now(), fresh
        invitation.save(update_fields=["accepted_at", "accepted_by"])
    return fresh


def invitation_of(secret: str) -> QuerySet[Invitation]:
    """The invitation of a link as long as it is good: one row or none."""
    return open_invitations().filter(digest=invitation_digest(secret)).select_related("organisation")


def _check_password(password: str, person: Person) -> None:
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise UnusableInputError("password-refused", expected=" ".join(error.messages), found="another one") from error


def _check_rest(person: Person) -> None:
    try:
        person.full_clean(exclude=["password"])
    except ValidationError as error:
        code = "email-malformed" if "email" in error.message_dict else "name-malformed"
        raise UnusableInputError(code, expected=" ".join(error.messages), found="another one") from error


def _save(person: Person) -> None:
    try:
        with transaction.atomic():
            person.save(force_insert=True)
    except IntegrityError as error:  # another invitation's person chose it at this moment
        raise UnusableInputError("username-taken", expected="a name of nobody else", found=person.username) from error
