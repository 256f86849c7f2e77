"""Give an organisation rights on a product or one release of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.errors import UnusableInputError
from transparency.models import Grant
from transparency.permissions import Right

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from transparency.models import Organisation, Person, Product, Release


def grant_rights(
    *,
    organisation: Organisation,
    product: Product,
    release: Release | None,
    rights: Sequence[str],
    granted_by: Person | None,
    valid_until: datetime | None = None,
) -> Grant:
    """Return the grant, new or as given before (`right-unknown`). Without a release it holds for all of the product's."""
    known = {right.value for right in Right} - {Right.OPERATE.value}
    if unknown := sorted(set(rights) - known):
        raise UnusableInputError("right-unknown", expected=", ".join(sorted(known)), found=", ".join(unknown))
    target = {"release": release} if release else {"product": product}
    grant, _ = Grant.objects.get_or_create(
        organisation=organisation,
        **target,
        rights=sorted(set(rights)),
        valid_until=valid_until,
        defaults={"granted_by": granted_by},
    )
    return grant
