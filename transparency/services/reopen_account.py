"""Open a closed account again: the person signs in as before; no session, token or invitation of before comes back."""

from __future__ import annotations

from django.db import transaction

from transparency.models import AccountChange, Person
from transparency.permissions import require_operator
from transparency.services.checked_reason import checked_reason


def reopen_account(*, person: Person, reason: str, by: Person) -> Person:
    """Return the person, open now or before (`not-the-operator`, `reason-missing`)."""
    said = checked_reason(reason)
    require_operator(by)
    with transaction.atomic():
        row = Person.objects.select_for_update().get(pk=person.pk)
        if not row.is_active:
            row.is_active = True
            row.save(update_fields=["is_active"])
            AccountChange.objects.create(person=row, active=True, reason=said, by=by)
    return row
