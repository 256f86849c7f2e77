"""End rights that were given, at once: the next request is refused. The row stays, with who ended it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from transparency.errors import NotAllowedError
from transparency.models import Grant
from transparency.permissions import may_end_grants

if TYPE_CHECKING:
    from transparency.models import Person


def end_grant(*, grant: Grant, by: Person) -> Grant:
    """Return the grant, ended now or before (`grant-foreign`). What was already read or downloaded is with whoever has it."""
    if not may_end_grants(by, grant.on_product):
        raise NotAllowedError(
            "grant-foreign", expected="a person of the product's vendor, or of the operator", found="another one"
        )
    Grant.objects.filter(pk=grant.pk, revoked_at__isnull=True).update(revoked_at=timezone.now(), revoked_by=by)
    grant.refresh_from_db()
    return grant
