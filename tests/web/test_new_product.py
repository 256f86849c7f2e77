"""Entering a product by hand: whose it may be, what its slug may be, and that nobody finds hidden products by trying."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.posts import check_refusals
from transparency.errors import EvidenceError, NotAllowedError
from transparency.models import Organisation, Person, Product
from transparency.services.create_product import create_product
from transparency.services.ensure_release import ensure_release

if TYPE_CHECKING:
    from tests.cast import Cast
    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)
PLACE = "/products/-/new/"
OWN = {"name": "Pump <b>", "slug": "acme-pump", "visibility": "restricted"}


def org(slug: str) -> Organisation:
    return Organisation.objects.get(slug=slug)


def state() -> object:
    return list(Product.objects.values_list("slug", flat=True))


def test_a_vendors_people_enter_their_own_and_find_no_others_by_trying(browse: Browse, cast: Cast) -> None:
    ensure_release(vendor="rival", product="secret", version="1", restricted=True)
    ensure_release(vendor="acme-labs", product="acme-labs-core", version="1", restricted=True)
    client = browse("vera")
    assert "cannot be changed here later" in client.get(PLACE).content.decode()
    bodies = set()
    for slug in ("secret", "absent"):
        answer = client.post(PLACE, OWN | {"slug": slug})
        assert answer.status_code == 422
        assert "Slugs of your products begin with your organisation" in answer.content.decode()
    for slug in ("acme-labs-core", "acme-labs-none"):
        answer = client.post(PLACE, OWN | {"slug": slug})
        assert answer.status_code == 422
        assert "This slug is taken." in answer.content.decode()
        bodies.add(answer.content.decode().count("acme-labs"))
    assert len(bodies) == 1
    for wrong in (
        {"slug": "acme-Pump"},
        {"slug": "acme-pump\n/x"},
        {"visibility": "secret"},
        {"name": " "},
        {"visibility": ""},
    ):
        assert client.post(PLACE, OWN | wrong).status_code == 422, wrong
    assert not Product.objects.filter(vendor=org("acme")).exists()
    # Whose it is follows from who enters it, whatever the form says.
    assert client.post(PLACE, OWN | {"vendor": org("rival").pk}).headers["Location"] == "/products/acme-pump/"
    row = Product.objects.get(slug="acme-pump")
    assert (row.vendor, row.is_restricted) == (org("acme"), True)
    page = client.get("/products/acme-pump/").content.decode()
    assert "Pump &lt;b&gt;" in page
    for place in ("keys/", "grants/", "tokens/", "deliver/"):
        assert f'href="/products/acme-pump/-/{place}"' in page, place
    assert browse("stan").get("/products/acme-pump/").status_code == 404
    assert client.post(PLACE, OWN).status_code == 422
    assert PLACE in client.get("/products/").content.decode()
    for person in ("anna", None):
        assert PLACE not in browse(person).get("/products/").content.decode()


def test_the_operator_enters_one_for_any_vendor_and_for_nobody_else(browse: Browse, cast: Cast) -> None:
    client, data = browse("olga"), OWN | {"slug": "pump", "vendor": org("acme").pk}
    for wrong in ({"vendor": org("north").pk}, {"vendor": ""}, {"slug": ""}):
        assert client.post(PLACE, data | wrong).status_code == 422, wrong
    assert client.post(PLACE, data | {"visibility": "open"}).status_code == 302
    row = Product.objects.get()
    assert (row.slug, row.vendor, row.is_restricted) == ("pump", org("acme"), False)
    # What is delivered later keeps to what was entered.
    assert ensure_release(vendor="acme", product="pump", version="1", restricted=False).product == row
    with pytest.raises(EvidenceError, match="product-mismatch"):
        ensure_release(vendor="acme", product="pump", version="2", restricted=True)


def test_the_service_asks_itself_whose_product_it_is(cast: Cast) -> None:
    former = Person.objects.create_user("vic", organisation=org("acme"), is_active=False)
    for person, vendor in (
        (cast.stranger, "acme"),
        (cast.auditor, "north"),
        (former, "acme"),
        (cast.operator, "centre"),
        (cast.operator, "north"),
    ):
        with pytest.raises(NotAllowedError, match="product-foreign"):
            create_product(vendor=org(vendor), slug=f"{vendor}-x", name="X", restricted=True, by=person)


def test_the_six_checks_of_entering_a_product(browse: Browse, cast: Cast) -> None:
    check_refusals(
        browse,
        PLACE,
        OWN,
        allowed="vera",
        strangers=(),
        forbidden=("anna", "bela"),
        unchanged=state,
        missing="/products/-/new/nothing/",
        has_page=True,
    )
