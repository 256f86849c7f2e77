"""Letting in, giving rights, closing accounts and changing keys ask again who is sitting there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.reviews.services.signing import PemKey
from transparency.models import Grant, Invitation, Organisation, Person, TrustAnchor
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from tests.cast import Cast
    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)


def state() -> object:
    return (
        Organisation.objects.count(),
        Invitation.objects.count(),
        list(Grant.objects.values_list("pk", "revoked_at")),
        list(Person.objects.values_list("pk", "is_active")),
        list(TrustAnchor.objects.values_list("pk", "revocation")),
    )


def test_a_sign_in_of_a_while_ago_changes_nothing_before_it_is_confirmed(
    browse: Browse, cast: Cast, settings: Settings
) -> None:
    product = ensure_release(vendor="acme", product="vault", version="9.9", restricted=True).product
    north, anchor = Organisation.objects.get(slug="north"), cast.auditor.anchors.get()
    grant = Grant.objects.create(organisation=Organisation.objects.get(slug="south"), product=product, rights=["know"])
    vendors = enrol_product_anchor(product=product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    wide = TrustAnchor.objects.create(organisation=product.vendor, format="openpgp", public="-", fingerprint="0" * 40)
    revoke: dict[str, object] = {"revocation": "compromised", "reason": "x", "certain": "on"}
    given: dict[str, object] = {"organisation": north.pk, "rights": ["read-source"], "step": "give"}
    asked: list[tuple[str, str, dict[str, object]]] = [
        ("olga", "/organisations/", {"name": "Lab", "slug": "lab", "kind": "authority"}),
        ("olga", "/organisations/north/invitations/", {"name": "Nina"}),
        ("olga", "/people/anna/close/", {"reason": "x", "certain": "on"}),
        ("vera", "/products/vault/-/grants/give/", given),
        ("vera", f"/products/vault/-/grants/{grant.pk}/end/", {}),
        ("anna", "/keys/", {"public": PemKey().public}),
        ("anna", f"/keys/{anchor.pk}/replace/", {"public": PemKey().public}),
        ("anna", f"/keys/{anchor.pk}/revoke/", revoke),
        ("olga", f"/people/anna/keys/{anchor.pk}/revoke/", revoke),
        ("vera", "/products/vault/-/keys/", {"public": PemKey().public}),
        (
            "vera",
            f"/products/vault/-/keys/{vendors.pk}/replace/",
            {"public": PemKey().public, "changes_on": "2026-01-01"},
        ),
        ("vera", f"/products/vault/-/keys/{vendors.pk}/revoke/", revoke),
        ("olga", f"/vendors/acme/keys/{wide.pk}/revoke/", revoke),
        ("olga", "/people/stan/open/", {"reason": "x"}),
    ]
    clients = {name: browse(name) for name in ("olga", "vera", "anna")}
    before, fresh = state(), settings.STEP_UP_SECONDS
    settings.STEP_UP_SECONDS = 0
    for person, place, data in asked:
        answer = clients[person].post(place, data)
        assert answer.status_code == 302, place
        assert answer.headers["Location"].startswith("/account/confirm/"), place
    for place in ("/organisations/", "/organisations/north/"):  # looking asks nobody
        assert clients["olga"].get(place).status_code == 200
    assert clients["anna"].get("/keys/").status_code == 200
    assert state() == before
    # Confirmed, what was typed is done: the last of vera's was to end a right.
    settings.STEP_UP_SECONDS = fresh
    client, place = browse("vera"), f"/products/vault/-/grants/{grant.pk}/end/"
    settings.STEP_UP_SECONDS = 0
    confirm = client.post(place, {}).headers["Location"]
    settings.STEP_UP_SECONDS = fresh
    assert client.post(confirm, {"password": "wrong"}).status_code in {200, 422}
    assert not Grant.objects.get().revoked_at
    client.post(confirm, {"password": "vera-password-long"}, follow=True)
    assert Grant.objects.get().revoked_at
