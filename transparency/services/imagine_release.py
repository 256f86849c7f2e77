"""A release as a dry run asks about it: the one that is there, or what would be made for it. Nothing of it is ever kept.

A product that is not there has the compartment of no product for the files of its dry run; sweep_objects.py empties it.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model

from transparency.errors import UnusableInputError
from transparency.models import Organisation, Product, Release

Row = TypeVar("Row", bound=Model)
# No row has this key: databases count from one.
NO_PRODUCT = 0


def imagine_release(*, vendor: str, product: str, version: str, restricted: bool) -> Release:
    """Return the release, saved or not (`product-mismatch`, `name-malformed`, as `ensure_release` raises them)."""
    organisation = Organisation.objects.filter(slug=vendor).first() or _checked(
        Organisation(slug=vendor, name=vendor, kind=Organisation.Kind.VENDOR)
    )
    row = Product.objects.select_related("vendor").filter(slug=product).first() or _checked(
        Product(
            pk=NO_PRODUCT,
            slug=product,
            name=product,
            vendor=organisation,
            visibility=visibility_of(restricted=restricted),
        ),
        "vendor",
    )
    check_product(row, organisation, restricted=restricted)
    found = None if row.pk == NO_PRODUCT else Release.objects.filter(product=row, version=version).first()
    if found:
        found.product = row
    return found or _checked(Release(product=row, version=version), "product")


def described(release: Release) -> dict[str, Any]:
    """What a job's payload says of a release: `imagine_release(**…)` of it is the same again."""
    product = release.product
    return {
        "vendor": product.vendor.slug,
        "product": product.slug,
        "version": release.version,
        "restricted": product.is_restricted,
    }


def save_imagined(release: Release) -> Release:
    """Inside a transaction that is rolled back: rows for what is still not there, so that what would come of it can be asked.

    Somebody may have made the release or its product since it was imagined: then it is theirs.
    """
    now = imagine_release(**described(release))
    product = now.product
    if not product.vendor.pk:
        product.vendor.save(force_insert=True)
    if product.pk == NO_PRODUCT:
        product.save(force_insert=True)
    if not now.pk:
        now.save(force_insert=True)
    return now


def check_product(product: Product, vendor: Organisation, *, restricted: bool) -> None:
    """A product keeps its vendor and visibility: asking for others is `product-mismatch`, never a silent change."""
    if product.vendor != vendor:
        raise UnusableInputError(
            "product-mismatch", expected=f"vendor {product.vendor.slug}", found=f"vendor {vendor.slug}"
        )
    if restricted and not product.is_restricted:
        raise UnusableInputError(
            "product-mismatch", expected="an open product", found="--restricted", subject=product.slug
        )


def visibility_of(*, restricted: bool) -> Product.Visibility:
    return Product.Visibility.RESTRICTED if restricted else Product.Visibility.OPEN


def _checked(fresh: Row, *besides: str) -> Row:
    try:
        fresh.full_clean(exclude={"id", *besides}, validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise UnusableInputError(
            "name-malformed", expected="; ".join(error.messages), found=ascii(str(fresh)[:80])
        ) from error
    return fresh
