"""Enter a product before its first delivery: its vendor, its name, and whether it is open or restricted, which stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction

from transparency.errors import NotAllowedError, UnusableInputError
from transparency.models import Organisation, Product
from transparency.permissions import Right, may, works_for
from transparency.services.imagine_release import visibility_of

if TYPE_CHECKING:
    from transparency.models import Person


def create_product(*, vendor: Organisation, slug: str, name: str, restricted: bool, by: Person) -> Product:
    """Return the new product (`product-foreign`, `product-prefix`, `product-taken`, `name-malformed`).

    A vendor's people enter their own, under slugs that begin with their organisation's: who could try any slug would learn which
    restricted products of others exist.
    """
    operates = may(by, Right.OPERATE, None)
    if vendor.kind != Organisation.Kind.VENDOR or not (operates or works_for(by, vendor.pk)):
        raise NotAllowedError("product-foreign", expected=f"a person of {vendor.slug}", found="another one")
    if not operates and not slug.startswith(own_prefix(vendor)):
        raise UnusableInputError("product-prefix", expected=own_prefix(vendor), found=slug[:80])
    row = Product(vendor=vendor, slug=slug, name=name.strip(), visibility=visibility_of(restricted=restricted))
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=vendor.pk)  # of two at once the second sees the first
        if Product.objects.filter(slug=slug).exists() or (not operates and _is_anothers(slug, vendor)):
            raise UnusableInputError("product-taken", expected="a slug of no product here", found=slug)
        try:
            row.full_clean()
        except ValidationError as error:
            raise UnusableInputError("name-malformed", expected="; ".join(error.messages), found=slug[:80]) from error
        row.save(force_insert=True)
    return row


def _is_anothers(slug: str, vendor: Organisation) -> bool:
    """Whether a vendor with a longer slug has these names: to `acme` all of `acme-labs-…` is taken, whether it exists or not."""
    others = Organisation.objects.filter(kind=Organisation.Kind.VENDOR, slug__startswith=own_prefix(vendor))
    return any(slug.startswith(own_prefix(other)) for other in others)


def own_prefix(vendor: Organisation) -> str:
    return f"{vendor.slug}-"
