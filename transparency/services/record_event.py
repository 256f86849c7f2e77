"""Write down what happened to a delivery or a key: a row, a record and a leaf, in the transaction that makes it so."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.utils import timezone

from transparency.errors import UnusableInputError
from transparency.models import Event, Organisation, Product
from transparency.proofs.digest import Digest
from transparency.proofs.events import (
    MAX_REASON_CHARACTERS,
    NONCE_BYTES,
    EventRecord,
    format_event_record,
    parse_event_record,
)
from transparency.proofs.keyringfacts import format_keyring_facts
from transparency.services.initialise import OPERATOR_SLUG
from transparency.services.log_record import log_record

if TYPE_CHECKING:
    from transparency.models import Delivery, Person, Release, TrustAnchor
    from transparency.proofs.canonical import JSON
    from transparency.proofs.keyringfacts import KeyringFacts


def record_event(
    *,
    kind: str,
    product: Product | None = None,
    vendor: Organisation | None = None,
    release: Release | None = None,
    delivery: Delivery | None = None,
    anchor: TrustAnchor | None = None,
    before: str = "",
    after: str = "",
    reason: str = "",
    keyring: KeyringFacts | None = None,
    by: Person | None,
) -> Event:
    """Return the event (`reason-long`). Without a person, or for one of no organisation, the operator acted.

    What happens to a delivery happens to its release. About `vendor`, without a product, is what happens to keys of all its products.
    """
    release = release or (delivery.release if delivery else None)
    if len(reason) > MAX_REASON_CHARACTERS:
        raise UnusableInputError(
            "reason-long", expected=f"at most {MAX_REASON_CHARACTERS} characters", found=str(len(reason))
        )
    organisation = (by.organisation if by else None) or Organisation.objects.get(slug=OPERATOR_SLUG)
    event = Event(
        kind=kind,
        product=product,
        vendor=vendor,
        release=release,
        delivery=delivery,
        anchor=anchor,
        before=before,
        after=after,
        reason=reason,
        keyring=_counts(keyring) if keyring else None,
        organisation=organisation,
        by=by,
    )
    facts = _facts(event, keyring)
    event.record = format_event_record(facts)
    parse_event_record(event.record)  # a record that its own reader would refuse is never logged
    digest = Digest.of(event.record)
    event.record_digest = digest.hex
    event.save()
    log_record(
        kind="event",
        digest=digest,
        subjects=[("manifest", facts.manifest)] if facts.manifest else [],
        organisation=organisation,
        product=product,
    )
    return event


def _counts(keyring: KeyringFacts) -> dict[str, JSON]:
    """What pages show of a keyring; which keys it changed stands in the record."""
    return {key: value for key, value in format_keyring_facts(keyring).items() if key != "changes"}


def _facts(event: Event, keyring: KeyringFacts | None) -> EventRecord:
    """What the record says of a row; people stay out of it. About all products of a vendor it is an open one."""
    product, delivery, snapshot = event.product, event.delivery, event.delivery.snapshot if event.delivery else None
    vendor = product.vendor if product else event.vendor
    if vendor is None:
        raise AssertionError("an event is about a product or about a vendor")
    return EventRecord(
        vendor=vendor.slug,
        product=product.slug if product else None,
        release=event.release.version if event.release else None,
        visibility=product.visibility if product else Product.Visibility.OPEN,
        event=event.kind,
        delivery=Digest.parse(delivery.record_digest) if delivery and delivery.record_digest else None,
        archive=Digest.parse(delivery.archive_sha256) if delivery else None,
        manifest=Digest.parse(snapshot.manifest) if snapshot else None,
        key=event.anchor.fingerprint if event.anchor else None,
        before=event.before,
        after=event.after,
        reason=event.reason,
        org=event.organisation.slug,
        time=timezone.now(),
        nonce=secrets.token_hex(NONCE_BYTES),
        keyring=keyring,
    )
