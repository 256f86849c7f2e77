"""The page of a vendor's keys for all its products: who reaches it, how one finds a key among hundreds, and how one is revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pysequoia
import pytest

from tests.gateways.test_openpgp import Gnupg
from tests.signers import OpenPgpSigner
from tests.web.posts import check_refusals
from transparency.models import Event, LogEntry, Organisation, TrustAnchor
from transparency.proofs.signatures.openpgp import armour
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.import_keyring import import_keyring
from transparency.services.keep_key_ids import certificate_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cast import Cast
    from tests.web.conftest import Browse
    from transparency.models import Product

pytestmark = pytest.mark.django_db(transaction=True)
PLACE = "/vendors/acme/keys/"
OWN = "/products/widget/-/keys/"
GOOD = {
    "revocation": "compromised",
    "reason": "a laptop was stolen <b>",
    "certain": "on",
}


@pytest.fixture
def product(cast: Cast) -> Product:
    return ensure_release(vendor="acme", product="widget", version="1.0", restricted=False).product


@pytest.fixture
def anchors(product: Product) -> list[TrustAnchor]:
    """Three maintainers' keys, as a keyring brings them."""
    signers = [OpenPgpSigner(f"Maintainer {name} <b> <{name}@debian.test>") for name in ("ada", "bob", "cyd")]
    ring = b"".join(bytes(pysequoia.Cert.from_bytes(signer.key.public.encode())) for signer in signers)
    import_keyring(vendor="acme", keyrings=[ring], names=["ring<i>.gpg"], enrolled_by=None)
    return [TrustAnchor.objects.get(fingerprint=signer.key.fingerprint) for signer in signers]


def state() -> object:
    return list(TrustAnchor.objects.values_list("pk", "revoked_at")), Event.objects.count()


def test_the_page_says_of_each_key_whose_it_is_how_it_stands_and_where_it_came_from(
    browse: Browse, anchors: list[TrustAnchor]
) -> None:
    page = browse("olga").get(PLACE).content.decode()
    for anchor in anchors:
        assert anchor.fingerprint in page
    for text in ("Maintainer ada &lt;b&gt;", "3 keys", ">in use<", "from <bdi>ring&lt;i&gt;.gpg</bdi>", "3 new keys"):
        assert text in page, text
    assert "logged as <a" in page
    answer = browse("olga").get(f"{PLACE}{anchors[0].pk}/")
    assert answer.content.decode().strip() == anchors[0].public
    assert "attachment" in answer.headers["Content-Disposition"]


def test_a_key_is_found_by_its_user_id_its_fingerprint_or_the_id_of_a_subkey(
    browse: Browse, anchors: list[TrustAnchor]
) -> None:
    one, other = anchors[:2]
    subkey = one.key_ids.exclude(key_id=one.fingerprint[-16:]).first()
    assert subkey is not None
    spaced = " ".join(one.fingerprint[place : place + 4] for place in range(0, 40, 4)).lower()
    for wanted in ("ADA@debian", "maintainer ada", spaced, one.fingerprint[8:20], subkey.key_id):
        page = browse("olga").get(PLACE, {"q": wanted}).content.decode()
        assert one.fingerprint in page, wanted
        assert other.fingerprint not in page, wanted
    assert "None of its 3 keys" in browse("olga").get(PLACE, {"q": "<b>nobody"}).content.decode()


def test_fifty_keys_are_a_page_and_the_state_is_a_filter(browse: Browse, cast: Cast, product: Product) -> None:
    rows = [
        TrustAnchor(organisation=cast.vendor.organisation, format="openpgp", public="-", fingerprint=f"{number:040X}")
        for number in range(120)
    ]
    TrustAnchor.objects.bulk_create(rows)
    client = browse("olga")
    counts = [client.get(PLACE, {"page": number}).content.decode().count("<tr>") - 1 for number in (1, 2, 3)]
    assert counts == [50, 50, 20]
    assert f"{119:040X}" in client.get(PLACE, {"page": 3}).content.decode()
    assert "Page 1 of 3" in client.get(PLACE).content.decode()
    assert "page=2" in client.get(PLACE).content.decode()
    client.post(f"{PLACE}{TrustAnchor.objects.get(fingerprint=f'{7:040X}').pk}/revoke/", GOOD)
    page = client.get(PLACE, {"state": "compromised"}).content.decode()
    assert page.count("<tr>") - 1 == 1
    assert f"{7:040X}" in page
    assert f"{7:040X}" not in client.get(PLACE, {"state": "in-use"}).content.decode().partition("What happened")[0]


def test_a_weak_key_is_shown_as_one(browse: Browse, anchors: list[TrustAnchor], tmp_path: Path) -> None:
    assert "weak: never valid" not in browse("olga").get(PLACE).content.decode()
    gpg = Gnupg(tmp_path / "gnupg")
    weak = gpg.make("old", "rsa1024")
    import_keyring(vendor="acme", keyrings=[gpg.run("--export", weak)], enrolled_by=None)
    row = TrustAnchor.objects.get(fingerprint=weak)
    for place in (PLACE, f"{PLACE}{row.pk}/revoke/"):
        assert browse("olga").get(place).content.decode().count("weak: never valid") == 1, place


@pytest.mark.parametrize("action", ["", "{}/", "{}/revoke/"])
def test_who_knows_of_an_open_product_is_told_that_the_page_is_the_operators(
    browse: Browse, anchors: list[TrustAnchor], action: str
) -> None:
    place = PLACE + action.format(anchors[0].pk)
    for person in ("vera", "anna", "stan"):
        assert browse(person).get(place).status_code == 403, person
    assert browse(None).get(place).status_code == 302
    assert browse("olga").get(place).status_code == 200


@pytest.mark.parametrize("action", ["", "{}/", "{}/revoke/"])
def test_a_vendor_of_hidden_products_is_404_for_who_may_not_know(
    browse: Browse, cast: Cast, anchors: list[TrustAnchor], action: str
) -> None:
    cast.vendor.organisation.products.update(visibility="restricted")  # type: ignore[union-attr]
    place = PLACE + action.format(anchors[0].pk)
    for person in ("anna", "stan"):
        assert browse(person).get(place).status_code == 404, person
    assert browse("vera").get(place).status_code == 403
    assert browse("olga").get(place).status_code == 200


def test_the_six_checks_of_revoking(browse: Browse, anchors: list[TrustAnchor]) -> None:
    check_refusals(
        browse,
        f"{PLACE}{anchors[0].pk}/revoke/",
        GOOD,
        allowed="olga",
        strangers=(),
        forbidden=("vera", "anna", "stan"),
        unchanged=state,
        missing=f"{PLACE}9999/revoke/",
        has_page=True,
    )


def test_only_a_vendors_keys_for_all_products_are_reached_here(
    browse: Browse, cast: Cast, product: Product, anchors: list[TrustAnchor]
) -> None:
    own = enrol_product_anchor(product=product, public_text=cast.vendor_key.public, enrolled_by=None)
    client = browse("olga")
    for place in (
        f"{PLACE}{own.pk}/revoke/",
        f"{PLACE}{cast.auditor.anchors.get().pk}/revoke/",
        f"/vendors/rival/keys/{anchors[0].pk}/revoke/",
        "/vendors/north/keys/",
        "/vendors/centre/keys/",
        "/vendors/nobody/keys/",
    ):
        assert client.get(place).status_code == 404, place
    assert own.fingerprint not in client.get(PLACE).content.decode()


def test_revoking_wants_a_reason_a_confirmation_and_is_an_event_of_the_vendor(
    browse: Browse, anchors: list[TrustAnchor]
) -> None:
    client, place = browse("olga"), f"{PLACE}{anchors[0].pk}/revoke/"
    before = state()
    for wrong in ({"reason": " "}, {"certain": ""}, {"revocation": "lost"}):
        assert client.post(place, GOOD | wrong).status_code == 422, wrong
    assert state() == before
    assert client.post(place, GOOD).headers["Location"] == PLACE
    page = client.get(PLACE).content.decode()
    assert ">revoked as compromised<" in page
    assert "a laptop was stolen &lt;b&gt;" in page
    assert "There is no way back from that." in client.get(place).content.decode()
    event = Event.objects.get(kind="key-revoked")
    assert (event.product, event.vendor, event.anchor) == (None, anchors[0].organisation, anchors[0])
    assert LogEntry.objects.filter(digest=event.record_digest, index__isnull=False).exists()


def test_a_products_page_shows_inherited_keys_as_inherited_and_leads_the_operator_to_them(
    browse: Browse, anchors: list[TrustAnchor]
) -> None:
    for person, leads in (("vera", False), ("olga", True)):
        page = browse(person).get(OWN).content.decode()
        assert page.count(">inherited<") == 3
        assert (f'href="{PLACE}"' in page) == leads


def test_the_log_tells_of_the_vendors_keys_whoever_knows_of_one_of_its_products(
    browse: Browse, cast: Cast, anchors: list[TrustAnchor]
) -> None:
    entry = LogEntry.objects.get(kind="event")
    place = f"/log/entry/{entry.index}/"
    assert anchors[0].fingerprint in browse(None).get(place).content.decode()
    Organisation.objects.get(slug="acme").products.update(visibility="restricted")
    for person, told in ((None, False), ("stan", False), ("vera", True), ("olga", True)):
        page = browse(person).get(place).content.decode()
        assert (anchors[0].fingerprint in page) == told, person
        assert ("Keyring imported" in page) == told, person


def test_a_newer_version_of_a_products_certificate_is_told_from_a_new_key(browse: Browse, product: Product) -> None:
    signer = OpenPgpSigner()
    client, data = browse("vera"), {"public": signer.key.public}
    for said in (f"Enrolled {signer.key.fingerprint}.", "this says nothing new of it"):
        client.post(OWN, data)
        assert said in client.get(OWN).content.decode()
    row = TrustAnchor.objects.get(product=product)

    client.post(OWN, data | {"public": armour(certificate_of(row) + b"\xcd\x03new")})
    page = client.get(OWN).content.decode()
    assert "is up to date now" in page
    assert "brought up to date" in page
