"""Enter an organisation: a vendor, an authority, or another part of the operator. Its slug is in records and never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction

from transparency.errors import UnusableInputError
from transparency.models import Organisation
from transparency.permissions import require_operator

if TYPE_CHECKING:
    from transparency.models import Person


def create_organisation(*, slug: str, name: str, kind: str, by: Person) -> Organisation:
    """Return the new organisation (`not-the-operator`, `slug-taken`, `name-malformed`)."""
    require_operator(by)
    row = Organisation(slug=slug, name=name.strip(), kind=kind)
    with transaction.atomic():
        if Organisation.objects.select_for_update().filter(slug=slug).exists():
            raise UnusableInputError("slug-taken", expected="a slug of no organisation here", found=slug)
        try:
            row.full_clean()
        except ValidationError as error:
            raise UnusableInputError("name-malformed", expected="; ".join(error.messages), found=slug[:80]) from error
        row.save(force_insert=True)
    return row
