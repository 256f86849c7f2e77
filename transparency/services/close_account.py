"""Close a person's account: all sessions, tokens and invitations of theirs end at once; what they stated and did stays theirs."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from transparency.errors import NotAllowedError, UnusableInputError
from transparency.models import AccountChange, Invitation, Organisation, Person
from transparency.permissions import Right, may
from transparency.services.checked_reason import checked_reason
from transparency.services.end_sessions import end_sessions


def close_account(*, person: Person, reason: str, by: Person) -> Person:
    """Return the person, closed now or before (`not-the-operator`, `own-account`, `last-operator`, `reason-missing`).

    A stolen account may have left doors open: tokens are revoked and open invitations withdrawn, and opening it again brings none back.
    """
    said = checked_reason(reason)
    with transaction.atomic():
        operators = Person.objects.select_for_update().filter(
            organisation__kind=Organisation.Kind.OPERATOR, is_active=True
        )
        active = {row.pk for row in operators.order_by("pk")}
        if by.pk not in active or not may(by, Right.OPERATE, None):  # of two who close each other's, one comes too late
            raise NotAllowedError("not-the-operator", expected="a person of the operator", found="another one")
        if active == {person.pk}:
            raise UnusableInputError("last-operator", expected="another active operator", found="none")
        if person.pk == by.pk:
            raise UnusableInputError("own-account", expected="somebody else's account", found="your own")
        row = Person.objects.select_for_update().get(pk=person.pk)
        if row.is_active:
            row.is_active = False
            row.save(update_fields=["is_active"])
            AccountChange.objects.create(person=row, active=False, reason=said, by=by)
        now = timezone.now()
        row.tokens.filter(revoked_at__isnull=True).update(revoked_at=now)
        theirs = Invitation.objects.filter(invited_by=row, accepted_at__isnull=True, withdrawn_at__isnull=True)
        theirs.update(withdrawn_at=now)
        end_sessions(person=row)
    return row
