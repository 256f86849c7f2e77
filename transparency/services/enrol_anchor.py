"""Enrol a public key: of a vendor for one product, or of an auditor. Weak and malformed keys are refused by `parse_key`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q, QuerySet

from transparency.models import TrustAnchor
from transparency.proofs.signatures.keys import EnrolledKey, key_from_text, parse_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from transparency.models import Person, Product

MAX_KEY_CHARACTERS = 256 * 1024
DELIVERY_NAMESPACES = ("file",)


def enrol_product_anchor(
    *,
    product: Product,
    public_text: str,
    enrolled_by: Person | None,
    namespaces: Sequence[str] = DELIVERY_NAMESPACES,
    demo: bool = False,
) -> TrustAnchor:
    """Return the anchor, new or as enrolled before."""
    key = key_from_text(public_text)
    with transaction.atomic():
        anchor, _ = TrustAnchor.objects.get_or_create(
            product=product,
            fingerprint=key.fingerprint,
            defaults={
                "organisation": product.vendor,
                "format": key.format,
                "public": key.public,
                "namespaces": list(namespaces),
                "enrolled_by": enrolled_by,
                "demo": demo,
            },
        )
    return anchor


def enrol_person_anchor(
    *, person: Person, public_text: str, enrolled_by: Person | None, demo: bool = False
) -> TrustAnchor:
    """Return the anchor, new or as enrolled before; the person must belong to an organisation."""
    if person.organisation is None:
        raise AssertionError("people without an organisation have no keys")
    key = key_from_text(public_text)
    with transaction.atomic():
        anchor, _ = TrustAnchor.objects.get_or_create(
            person=person,
            fingerprint=key.fingerprint,
            defaults={
                "organisation": person.organisation,
                "format": key.format,
                "public": key.public,
                "enrolled_by": enrolled_by,
                "demo": demo,
            },
        )
    return anchor


def product_anchors(product: Product) -> QuerySet[TrustAnchor]:
    """The keys that deliveries of a product are held to: its own, and those of its vendor for all products."""
    whole_vendor = Q(organisation=product.vendor_id, product__isnull=True, person__isnull=True)
    return TrustAnchor.objects.filter(Q(product=product) | whole_vendor)


def enrolled_keys(anchors: Iterable[TrustAnchor]) -> tuple[EnrolledKey, ...]:
    """The anchors as the values that proofs check against."""
    return tuple(
        parse_key(
            anchor.format,
            anchor.public,
            namespaces=tuple(anchor.namespaces),
            valid_from=anchor.valid_from,
            valid_until=anchor.valid_until,
        )
        for anchor in anchors
    )
