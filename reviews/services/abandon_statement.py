"""Give up a frozen statement that will not be signed. The row stays, so that take_up_statement can bring it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from reviews.models import Attestation, Statement
from transparency.errors import EvidenceError, NotAllowedError

if TYPE_CHECKING:
    from transparency.models import Person


def abandon_statement(*, person: Person, statement: Statement) -> Statement:
    """Return the statement; only its reviewer may, and only before it is signed (`not-the-reviewer`, `already-attested`).

    Abandoning twice keeps the first time. What is abandoned takes no envelope.
    """
    if statement.reviewer_id != person.pk:
        raise NotAllowedError("not-the-reviewer", expected="the person it was handed out to", found="somebody else")
    with transaction.atomic():
        row = Statement.objects.select_for_update().get(pk=statement.pk)
        known = Attestation.objects.filter(statement=row).first()
        if known is not None:
            raise EvidenceError("already-attested", expected="a statement that is not signed", found=known.digest)
        if row.abandoned_at is None:
            row.abandoned_at = timezone.now()
            row.save(update_fields=["abandoned_at"])
    statement.refresh_from_db(fields=["abandoned_at"])
    return statement
