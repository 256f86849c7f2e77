"""Find or make vendor, product and release, as the import commands promise."""

from __future__ import annotations

from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from transparency.errors import UnusableInputError
from transparency.models import Organisation, Product, Release
from transparency.services.imagine_release import check_product, visibility_of

Row = TypeVar("Row", bound=Model)


def ensure_release(*, vendor: str, product: str, version: str, restricted: bool) -> Release:
    """Return the release. A product keeps its vendor and visibility: asking for others is `product-mismatch`, never a silent change."""
    with transaction.atomic():
        organisation = _find_or_make(Organisation(slug=vendor, name=vendor, kind=Organisation.Kind.VENDOR), slug=vendor)
        visibility = visibility_of(restricted=restricted)
        row = _find_or_make(
            Product(slug=product, name=product, vendor=organisation, visibility=visibility), slug=product
        )
        check_product(row, organisation, restricted=restricted)
        return _find_or_make(Release(product=row, version=version), product=row, version=version)


def _find_or_make(fresh: Row, **key: object) -> Row:
    found = type(fresh)._default_manager.filter(**key).first()  # noqa: SLF001 - the documented way to a model's manager
    if found is not None:
        return found
    try:
        fresh.full_clean()
    except ValidationError as error:
        raise UnusableInputError("name-malformed", expected="; ".join(error.messages), found=str(key)) from error
    fresh.save(force_insert=True)
    return fresh
