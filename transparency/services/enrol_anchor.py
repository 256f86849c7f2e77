"""Enrol a public key: of a vendor for one product, or of an auditor. Weak and malformed keys are refused by `parse_key`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from transparency.errors import EvidenceError
from transparency.models import Event, TrustAnchor
from transparency.proofs.signatures.keys import key_from_text
from transparency.proofs.signatures.openpgp import parse_openpgp_signatures
from transparency.proofs.signatures.openpgp_key import parse_openpgp_certificate
from transparency.proofs.signatures.openpgp_life import weak_signer
from transparency.services.keep_key_ids import keep_key_ids
from transparency.services.record_event import record_event
from transparency.services.update_certificate import update_certificate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from transparency.models import Person, Product
    from transparency.proofs.signatures.keys import EnrolledKey

MAX_KEY_CHARACTERS = 256 * 1024
DELIVERY_NAMESPACES: tuple[str, ...] = ("file",)
_V6_CHARACTERS = 64


def enrol_product_anchor(
    *,
    product: Product,
    public_text: str,
    enrolled_by: Person | None,
    namespaces: Sequence[str] = DELIVERY_NAMESPACES,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    demo: bool = False,
) -> TrustAnchor:
    """Return the anchor, new or as enrolled before: then only a certificate that says more now is brought up to date, and no revocation
    of ours is undone. Both are events.

    An outdated OpenPGP key (DSA, RSA of 1024 to 2047 bits) is kept: what it signs is `weak`, never valid, and can be admitted as that.
    Pages refuse it (`refuse_weak`). One that anybody can sign by, or nobody, is refused here too (`key-weak`, `key-malformed`, `key-type`).
    """
    with transaction.atomic():
        anchor, created = keep_product_anchor(
            product=product,
            public_text=public_text,
            enrolled_by=enrolled_by,
            namespaces=namespaces,
            valid_from=valid_from,
            valid_until=valid_until,
            demo=demo,
        )
        if created:
            record_event(
                kind=Event.Kind.KEY_ENROLLED, product=product, anchor=anchor, after=anchor.fingerprint, by=enrolled_by
            )
        else:
            update_certificate(anchor=anchor, public_text=public_text, by=enrolled_by)
    return anchor


def keep_product_anchor(
    *,
    product: Product,
    public_text: str,
    enrolled_by: Person | None,
    namespaces: Sequence[str],
    valid_from: datetime | None,
    valid_until: datetime | None,
    demo: bool = False,
) -> tuple[TrustAnchor, bool]:
    """The row and whether it is new; the event is the caller's, in its transaction."""
    key = key_from_text(public_text)
    _refuse_broken(key)
    anchor, created = TrustAnchor.objects.get_or_create(
        product=product,
        fingerprint=key.fingerprint,
        defaults={
            "organisation": product.vendor,
            "format": key.format,
            "public": key.public,
            "namespaces": list(namespaces),
            "valid_from": valid_from,
            "valid_until": valid_until,
            "enrolled_by": enrolled_by,
            "demo": demo,
        },
    )
    if created:
        keep_key_ids(anchor)
    return anchor, created


def refuse_weak(public_text: str) -> None:
    """Raise `key-weak`, `key-malformed` or `key-type` for an OpenPGP key that no valid delivery could ever be signed with, or that has
    a subkey in use of that kind; `key-private` for a minisign or signify secret.

    Other formats are refused when they are parsed.
    """
    if "secret key" in public_text.strip().partition("\n")[0]:
        raise EvidenceError("key-private", expected="a public key", found="a private key; keep it to yourself")
    key = key_from_text(public_text)
    if key.format != "openpgp":
        return
    weak = weak_signer(parse_openpgp_certificate(key.public.encode()), timezone.now())
    if weak is not None and weak.fault is not None:
        which = "" if weak.primary else f", in subkey {weak.fingerprint}"
        raise EvidenceError(weak.fault.code, expected=weak.fault.expected, found=weak.fault.found + which)


def _refuse_broken(key: EnrolledKey) -> None:
    if key.format != "openpgp":
        return
    fault = parse_openpgp_certificate(key.public.encode()).keys[0].fault
    if fault is not None and not fault.outdated:
        raise EvidenceError(fault.code, expected=fault.expected, found=fault.found)


def enrol_person_anchor(
    *, person: Person, public_text: str, enrolled_by: Person | None, demo: bool = False
) -> TrustAnchor:
    """Return the anchor, new or as enrolled before; the person must belong to an organisation. Raises what `refuse_weak` raises."""
    if person.organisation is None:
        raise AssertionError("people without an organisation have no keys")
    refuse_weak(public_text)
    key = key_from_text(public_text)
    if key.format == "x509":
        raise EvidenceError("key-type", expected="a key that signs statements", found="a certificate")
    with transaction.atomic():
        anchor, created = TrustAnchor.objects.get_or_create(
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
        if created:
            keep_key_ids(anchor)
        else:
            update_certificate(anchor=anchor, public_text=public_text, by=enrolled_by)
    return anchor


def product_anchors(product: Product) -> QuerySet[TrustAnchor]:
    """The keys that deliveries of a product are held to: its own, and those of its vendor for all products."""
    whole_vendor = Q(organisation=product.vendor_id, product__isnull=True, person__isnull=True)
    return TrustAnchor.objects.filter(Q(product=product) | whole_vendor)


def relevant_anchors(product: Product, signatures: Iterable[bytes]) -> QuerySet[TrustAnchor]:
    """The product's own keys; of its vendor's, which may be a whole keyring, those that signatures name, and copies of its own."""
    own = Q(product=product)
    wide = Q(organisation=product.vendor_id, product__isnull=True, person__isnull=True)
    named = {
        issuer[:16] if len(issuer) == _V6_CHARACTERS else issuer[-16:] for issuer in _issuers(signatures) if issuer
    }
    chosen = ~Q(format=TrustAnchor.Format.OPENPGP) | Q(key_ids__key_id__in=named)
    copies = Q(fingerprint__in=TrustAnchor.objects.filter(own).values("fingerprint"))
    return TrustAnchor.objects.filter(own | (wide & (chosen | copies))).distinct()


def _issuers(signatures: Iterable[bytes]) -> Iterator[str]:
    for signature in signatures:
        try:
            yield from (item.issuer for item in parse_openpgp_signatures(signature))
        except EvidenceError:
            continue  # another format, or none: judged where the verdict is made
