"""From the operator's link to a signed-in person, and what every other link answers."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.utils import timezone

from transparency.models import Invitation, Person

if TYPE_CHECKING:
    from tests.cast import Cast
    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)
GOOD = {
    "full_name": "Nina <i>Neu</i>",
    "username": "nina",
    "email": "",
    "password": "four plain words together",
    "again": "four plain words together",
}


def invite(browse: Browse) -> str:
    """The link as the operator's page shows it, without the host."""
    answer = browse("olga").post("/organisations/north/invitations/", {"name": "Nina <b>"})
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    found = re.search(r"http://testserver(/invitations/[A-Za-z0-9_-]{43}/)", answer.content.decode())
    assert found
    return found[1]


def test_a_stranger_comes_in_by_the_link_once(browse: Browse, cast: Cast) -> None:
    link = invite(browse)
    page = browse("olga").get("/organisations/north/").content.decode()
    assert link not in page
    assert "Nina &lt;b&gt;" in page
    client = Client()
    shown = client.get(link)
    assert shown.status_code == 200
    assert "no-store" in shown.headers["Cache-Control"]
    assert "Northern Agency" in shown.content.decode()
    answer = client.post(link, GOOD, follow=True)
    assert answer.status_code == 200
    assert "Welcome. You are signed in" in answer.content.decode()
    person = Person.objects.get(username="nina")
    assert client.session["_auth_user_id"] == str(person.pk)
    assert client.get("/organisations/north/").status_code == 200
    for place in ("/organisations/south/", "/organisations/"):
        assert client.get(place).status_code in {403, 404}
    assert Client().get(link).status_code == 404
    assert Client().post(link, GOOD | {"username": "other"}).status_code == 404
    assert Client().login(username="nina", password=GOOD["password"])
    assert Person.objects.filter(organisation=cast.auditor.organisation).count() == 2


def test_every_link_that_is_no_good_gets_the_same_answer(browse: Browse) -> None:
    used, expired, withdrawn = invite(browse), invite(browse), invite(browse)
    assert Client().post(used, GOOD).status_code == 302
    second, third = Invitation.objects.order_by("pk")[1:3]
    Invitation.objects.filter(pk=second.pk).update(valid_until=timezone.now() - timedelta(seconds=1))
    assert browse("olga").post(f"/organisations/north/invitations/{third.pk}/withdraw/").status_code == 302
    first = Invitation.objects.order_by("pk")[0]
    answer = browse("olga").post(f"/organisations/north/invitations/{first.pk}/withdraw/", follow=True)
    assert "Somebody came in by this invitation already" in answer.content.decode()
    strict = re.compile(r'<input type="hidden" name="(csrfmiddlewaretoken|next)"[^>]*>')
    bodies = set()
    for link in (used, expired, withdrawn, "/invitations/wrong/", f"/invitations/{first.digest}/"):
        for data in (None, GOOD | {"username": "other"}):
            answer = Client().get(link) if data is None else Client().post(link, data)
            assert answer.status_code == 404, link
            bodies.add(strict.sub("", answer.content.decode()))
    assert len(bodies) == 1
    assert "This link leads nowhere" in bodies.pop()
    assert not Person.objects.filter(username="other").exists()


def test_what_cannot_be_is_said_beside_the_field_and_the_link_stays_good(browse: Browse) -> None:
    link, client = invite(browse), Client()
    for wrong, said in (
        ({"username": "anna"}, "Somebody has this sign-in name already"),
        ({"username": "ANNA"}, "begins with a letter or digit"),
        ({"password": "short", "again": "short"}, "This password is too short"),
        ({"again": "four plain words apart"}, "The two differ."),
        ({"full_name": ""}, "This field is required"),
        ({"email": "no"}, "valid email address"),
    ):
        answer = client.post(link, GOOD | wrong)
        assert answer.status_code == 422, wrong
        page = answer.content.decode()
        assert said in page, wrong
        assert "plain words" not in page  # no password comes back
    assert Client(enforce_csrf_checks=True).post(link, GOOD).status_code == 403
    assert client.put(link).status_code == 405
    assert client.post(link, GOOD).status_code == 302


def test_who_is_signed_in_already_is_told_and_becomes_the_new_person(browse: Browse, cast: Cast) -> None:
    link, client = invite(browse), browse("vera")
    assert "You are signed in as" in client.get(link).content.decode()
    assert client.post(link, GOOD).status_code == 302
    assert client.session["_auth_user_id"] == str(Person.objects.get(username="nina").pk)
    assert client.get("/organisations/acme/").status_code == 404
    cast.vendor.refresh_from_db()
    assert cast.vendor.is_active
