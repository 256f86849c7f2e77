"""Which keys leave the centre: none that counts for nothing, and none for longer than it counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from reviews.services.collect_keys import collect_keys
from reviews.services.export_trust import export_trust
from transparency.proofs.trust import parse_trust_file
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.revoke_anchor import revoke_anchor

if TYPE_CHECKING:
    from tests.cast import Cast
    from transparency.models import TrustAnchor

pytestmark = pytest.mark.django_db(transaction=True)
THEN = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.fixture
def anchor(cast: Cast) -> TrustAnchor:
    product = ensure_release(vendor="acme", product="widget", version="1.0", restricted=False).product
    return enrol_product_anchor(product=product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)


def test_a_compromised_key_is_handed_to_nobody(cast: Cast, anchor: TrustAnchor) -> None:
    revoke_anchor(anchor=anchor, revocation="compromised", reason="stolen", by=cast.vendor)
    assert collect_keys(vendors=[[reread(anchor)]], authorities=[]).vendors == ()
    assert anchor.public.encode() not in export_trust().data
    assert not any(anchor.fingerprint in line for line in export_trust().fingerprints)


def test_a_key_that_one_product_calls_compromised_is_handed_out_for_no_other(cast: Cast, anchor: TrustAnchor) -> None:
    """A trust file says whose a key is, and not for which product: the other row would bring it back."""
    other = ensure_release(vendor="acme", product="other", version="1.0", restricted=False).product
    enrol_product_anchor(product=other, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    assert anchor.public.encode() in export_trust().data
    revoke_anchor(anchor=anchor, revocation="compromised", reason="stolen", by=cast.vendor)
    assert anchor.public.encode() not in export_trust().data


@pytest.mark.parametrize("revocation", ["superseded", "retired"])
def test_a_retired_key_ends_when_it_was_retired(cast: Cast, anchor: TrustAnchor, revocation: str) -> None:
    revoke_anchor(anchor=anchor, revocation=revocation, reason="yearly", by=cast.vendor, revoked_at=THEN)
    (holder,) = collect_keys(vendors=[[reread(anchor)]], authorities=[]).vendors
    assert [key.valid_until for key in holder.keys] == [THEN]
    (exported,) = parse_trust_file(export_trust().data).ring.vendors
    assert [key.valid_until for key in exported.keys] == [THEN]


def reread(anchor: TrustAnchor) -> TrustAnchor:
    anchor.refresh_from_db()
    return anchor
