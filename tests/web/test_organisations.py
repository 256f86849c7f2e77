"""Pages of organisations and of people: who reaches them, what each sees there, and how an account is closed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from tests.web.posts import check_refusals
from transparency.models import AccountChange, Grant, Invitation, Organisation, Person
from transparency.services.ensure_release import ensure_release

if TYPE_CHECKING:
    from tests.cast import Cast
    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)
NEW = {"name": "Lab <b>One</b>", "slug": "lab-1", "kind": "authority"}
CLOSE = {"reason": "left <b> the agency", "certain": "on"}


def state() -> object:
    return (
        list(Organisation.objects.values_list("slug", "name")),
        list(Invitation.objects.values_list("pk", "withdrawn_at")),
        list(Person.objects.values_list("pk", "is_active")),
    )


def test_the_operator_sees_all_and_enters_one_and_others_are_told_that_the_list_is_not_theirs(browse: Browse) -> None:
    client = browse("olga")
    page = client.get("/organisations/").content.decode()
    for slug in ("acme", "rival", "north", "south", "centre"):
        assert f'href="/organisations/{slug}/"' in page
    for person in ("vera", "anna", "stan"):
        assert browse(person).get("/organisations/").status_code == 403
    assert client.post("/organisations/", NEW).headers["Location"] == "/organisations/lab-1/"
    page = client.get("/organisations/lab-1/").content.decode()
    assert "Lab &lt;b&gt;One&lt;/b&gt;" in page
    assert "Nobody belongs to it yet." in page
    for wrong in ({"slug": "lab-1"}, {"slug": "A b"}, {"slug": "acme"}, {"kind": "king"}, {"name": " "}):
        assert client.post("/organisations/", NEW | wrong).status_code == 422, wrong
    assert client.post("/organisations/lab-1/name/", {"name": "Lab 1"}).status_code == 302
    assert client.post("/organisations/lab-1/name/", {"name": ""}).status_code == 422
    assert list(Organisation.objects.filter(slug="lab-1").values_list("name", "kind")) == [("Lab 1", "authority")]


def test_an_organisations_page_is_its_own_peoples_and_the_operators(browse: Browse) -> None:
    place = "/organisations/north/"
    assert browse(None).get(place).status_code == 302
    for person in ("vera", "bela", "stan"):
        for there in (place, f"{place}name/", "/organisations/nobody/", "/people/anna/", "/people/nobody/"):
            assert browse(person).get(there).status_code == 404, (person, there)
    client = browse("anna")
    page = client.get(place).content.decode()
    assert "/people/anna/" in page
    for hidden in ("Make the link", "Rename", "Last sign-in"):
        assert hidden not in page
        assert hidden in browse("olga").get(place).content.decode()
    assert client.get(f"{place}name/").status_code == 403
    assert client.get("/people/anna/close/").status_code == 403
    assert "Your organisation" in page


def test_colleagues_learn_nothing_that_they_may_not_know_of(browse: Browse, cast: Cast) -> None:
    release = ensure_release(vendor="acme", product="vault", version="9.9", restricted=True)
    other = Person.objects.create_user("nils", password="nils-password-long", organisation=cast.auditor.organisation)
    Person.objects.filter(pk=cast.auditor.pk).update(email="anna@north.test")
    alone = Grant.objects.create(person=cast.auditor, product=release.product, rights=["read-source"])
    for place in ("/organisations/north/", "/people/anna/"):
        assert "vault" in browse("anna").get(place).content.decode(), place
        assert "vault" in browse("olga").get(place).content.decode(), place
        assert "vault" not in browse("nils").get(place).content.decode(), place
    page = browse("nils").get("/people/anna/").content.decode()
    assert "anna@north.test" not in page
    assert "<dt>Engagements</dt>" not in page
    assert "anna@north.test" in browse("anna").get("/people/anna/").content.decode()
    assert "<dt>Engagements</dt><dd>0</dd>" in browse("olga").get("/people/anna/").content.decode()
    # What is over, or has not begun, is known to nobody but the operator.
    for change in (
        {"valid_until": timezone.now() - timedelta(days=1)},
        {"valid_until": None, "valid_from": timezone.now() + timedelta(days=1)},
        {"valid_from": None, "revoked_at": timezone.now()},
    ):
        Grant.objects.filter(pk=alone.pk).update(**change)
        assert "vault" not in browse("anna").get("/people/anna/").content.decode(), change
        assert "vault" in browse("olga").get("/people/anna/").content.decode(), change
    assert other.organisation == cast.auditor.organisation


def test_a_vendors_page_lists_its_own_products_and_the_operators_counts_are_right(browse: Browse, cast: Cast) -> None:
    ensure_release(vendor="acme", product="vault", version="9.9", restricted=True)
    assert "/products/vault/" in browse("vera").get("/organisations/acme/").content.decode()
    assert browse("stan").get("/organisations/acme/").status_code == 404
    north = cast.auditor.organisation
    assert north is not None
    for number in range(3):
        Person.objects.create_user(f"more{number}", organisation=north, is_active=number > 0)
        Grant.objects.create(organisation=north, product=cast.vendor.organisation.products.get(), rights=["know"])  # type: ignore[union-attr]
    row = browse("olga").get("/organisations/").content.decode().partition("/organisations/north/")[2]
    assert [part.partition("</td>")[0] for part in row.split("data-label=")[2:5]] == [
        '"People"><span>3</span>',
        '"Rights">3',
        '"Keys">1',
    ]


def test_the_six_checks_of_what_the_operator_does_with_organisations(browse: Browse, cast: Cast) -> None:
    invitation = Invitation.objects.create(
        organisation=Organisation.objects.get(slug="north"),
        name="N",
        digest="0" * 64,
        valid_until=timezone.now() + timedelta(days=1),
    )
    base = "/organisations/north/"
    for place, data, missing, has_page in (
        (f"{base}name/", {"name": "X"}, "/organisations/nobody/name/", True),
        (f"{base}invitations/", {"name": "X"}, "/organisations/nobody/invitations/", False),
        (f"{base}invitations/{invitation.pk}/withdraw/", {}, f"{base}invitations/9999/withdraw/", False),
        ("/people/anna/close/", CLOSE, "/people/nobody/close/", True),
    ):
        check_refusals(
            browse,
            place,
            data,
            allowed="olga",
            strangers=("vera", "bela", "stan"),
            forbidden=("anna",),
            unchanged=state,
            missing=missing,
            has_page=has_page,
        )


def test_closing_an_account_ends_every_session_of_it_at_once(browse: Browse, cast: Cast) -> None:
    operator, first, second, other = browse("olga"), browse("anna"), browse("anna"), browse("bela")
    for client in (first, second, other):
        assert client.get("/engagements/").status_code == 200
    for wrong in ({"reason": " "}, {"certain": ""}):
        assert operator.post("/people/anna/close/", CLOSE | wrong).status_code == 422
    assert first.get("/engagements/").status_code == 200
    assert operator.post("/people/anna/close/", CLOSE).headers["Location"] == "/people/anna/"
    page = operator.get("/people/anna/").content.decode()
    assert "This account is closed." in page
    assert "left &lt;b&gt; the agency" in page
    assert "closed already" in operator.get("/people/anna/close/").content.decode()
    for client in (first, second):
        assert client.get("/engagements/").status_code == 302
    assert other.get("/engagements/").status_code == 200
    assert not browse(None).login(username="anna", password="anna-password-long")
    # The same cookie opens nothing when the account is open again.
    assert operator.post("/people/anna/open/", {"reason": "back"}).status_code == 302
    for client in (first, second):
        assert client.get("/engagements/").status_code == 302
    assert browse("anna").get("/engagements/").status_code == 200
    # Closing and opening have an address each: whoever comes late does not undo what the first did.
    operator.post("/people/anna/open/", {"reason": "twice"})
    assert AccountChange.objects.filter(person=cast.auditor).count() == 2
    assert "This is your own account" in operator.get("/people/olga/close/").content.decode()
    assert operator.post("/people/olga/close/", CLOSE).status_code == 422
    assert Person.objects.get(username="olga").is_active
