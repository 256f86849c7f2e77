"""Take up a statement that was abandoned: it waits for its envelope again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from reviews.models import Statement
from transparency.errors import NotAllowedError

if TYPE_CHECKING:
    from transparency.models import Person


def take_up_statement(*, person: Person, statement: Statement) -> Statement:
    """Return the statement; only its reviewer may (`not-the-reviewer`). One that waits already goes on waiting."""
    if statement.reviewer_id != person.pk:
        raise NotAllowedError("not-the-reviewer", expected="the person it was handed out to", found="somebody else")
    with transaction.atomic():
        Statement.objects.filter(pk=statement.pk).update(abandoned_at=None)
    statement.refresh_from_db(fields=["abandoned_at"])
    return statement
