"""End rights that were given, at once: the next request is refused. The row stays, with who ended it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from transparency.errors import NotAllowedError
from transparency.models import Grant
from transparency.permissions import may_end_grants

if TYPE_CHECKING:
    from transparency.models import Person, Product


def end_grant(*, grant: Grant, by: Person) -> Grant:
    """Return the grant, ended now or before (`grant-foreign`). What was already read or downloaded is with whoever has it."""
    if not may_end_grants(by, granted_product(grant)):
        raise NotAllowedError(
            "grant-foreign", expected="a person of the product's vendor, or of the operator", found="another one"
        )
    Grant.objects.filter(pk=grant.pk, revoked_at__isnull=True).update(revoked_at=timezone.now(), revoked_by=by)
    grant.refresh_from_db()
    return grant


def granted_product(grant: Grant) -> Product:
    product = grant.release.product if grant.release else grant.product
    if product is None:
        raise AssertionError("a grant is on a product or on a release")
    return product
