"""Home for everybody and for each role, empty and not; products; the choice of colours; signing in and out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.utils import timezone

from transparency.models import Organisation, Person, Product, TrustAnchor

if TYPE_CHECKING:
    from reviews.models import Engagement
    from tests.cast import Cast
    from tests.web.conftest import Browse
    from transparency.models import Installation, Release

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_empty_centre_says_what_it_is_and_what_comes(centre: Installation) -> None:
    page = Client().get("/").content.decode()
    assert "The file on a machine" in page
    assert "No open release yet." in page
    assert "No open release yet." in Client().get("/products/").content.decode()


def test_home_lists_open_releases_only(browse: Browse, open_release: Release, restricted_release: Release) -> None:
    page = browse(None).get("/").content.decode()
    assert 'href="/products/widget/1.0/"' in page
    assert "5 files, 8 lines" in page
    assert "vault" not in page


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ("vera", ["Your products", "No product yet.", "In quarantine", "No release yet.", "Nothing is in work."]),
        ("anna", ["Your engagements", "None yet.", "Nothing waits.", "Answers to your notes"]),
        ("olga", ["Today:", "0 entries", "manage.py verify_log", "manage.py export_trust", "None was made here."]),
    ],
)
def test_each_role_has_a_home_that_is_never_blank(browse: Browse, person: str, said: list[str]) -> None:
    page = browse(person).get("/").content.decode()
    for text in said:
        assert text in page, text


def test_homes_show_what_there_is(browse: Browse, engagement: Engagement, restricted_release: Release) -> None:
    vendor = browse("vera").get("/").content.decode()
    for text in ('href="/products/vault/9.9/"', "source admitted", "builds published", "nobody has attested it"):
        assert text in vendor, text
    auditor = browse("anna").get("/").content.decode()
    assert f'href="/engagements/{engagement.pk}/"' in auditor
    assert "0 of 8 lines" in auditor
    assert "6 entries" in browse("olga").get("/").content.decode()


def test_of_an_engagement_that_is_over_no_reading_is_made(browse: Browse, engagement: Engagement) -> None:
    anna = browse("anna")
    assert "Next to read" in anna.get("/").content.decode()
    type(engagement).objects.update(ends_at=timezone.now() - timedelta(hours=1))
    page = anna.get("/").content.decode()
    assert f'href="/engagements/{engagement.pk}/"' in page
    assert "It is over" in page
    assert "Next to read" not in page
    assert "Every line in scope" not in page


def test_an_auditor_without_a_key_is_told(browse: Browse, cast: Cast) -> None:
    assert "No key yet" not in browse("anna").get("/").content.decode()
    TrustAnchor.objects.all().delete()
    assert "No key yet" in browse("anna").get("/").content.decode()


def test_somebody_of_no_organisation_sees_what_everybody_sees(browse: Browse, cast: Cast) -> None:
    Person.objects.filter(username="stan").update(organisation=None)
    client = browse("stan")
    assert "You belong to no organisation yet." in client.get("/").content.decode()
    for place in ("/keys/", "/engagements/"):
        assert client.get(place).status_code == 403


def test_names_are_shown_with_every_hidden_character(browse: Browse, cast: Cast, open_release: Release) -> None:
    Product.objects.update(name="wid\u202eteg")
    Organisation.objects.filter(slug="acme").update(name="A\u200bcme <b>")
    Person.objects.filter(username="anna").update(first_name="An\u2066na", last_name="<i>")
    for place in ("/", "/products/", "/products/widget/", "/products/widget/1.0/", "/products/widget/1.0/tree/"):
        page = browse("anna").get(place).content.decode()
        assert not {"\u202e", "\u200b", "\u2066"} & set(page), place
        assert "‹U+2066›" in page
        assert "<b>" not in page
        assert "<i>" not in page


def test_signing_in_starts_a_new_session_and_stays_here(cast: Cast) -> None:
    client = Client()
    client.get("/")
    answer = client.post(
        "/sign-in/", {"username": "anna", "password": "anna-password-long", "next": "https://evil.test/"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert client.session.session_key
    answer = client.post("/sign-out/")
    assert answer.status_code == 302
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert client.get("/engagements/").status_code == 302
    assert Client().get("/sign-out/").status_code == 405


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(cast: Cast) -> None:
    pages = []
    for name in ("anna", "nobody"):
        answer = Client().post("/sign-in/", {"username": name, "password": "wrong"})
        lines = answer.content.decode().replace(name, "").splitlines()
        pages.append([line for line in lines if "csrfmiddlewaretoken" not in line])
    assert pages[0] == pages[1]
    assert "Name and password do not go together" in "\n".join(pages[0])


@pytest.mark.parametrize(
    "back", ["https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:alert(1)", "", "evil"]
)
def test_the_choice_of_colours_leads_nowhere_else(centre: Installation, back: str) -> None:
    answer = Client().post("/theme/", {"theme": "dark", "next": back})
    assert answer.headers["Location"] == "/"


def test_the_choice_of_colours_is_drawn_by_the_server(centre: Installation) -> None:
    client = Client()
    assert 'data-theme="system"' in client.get("/").content.decode()
    for theme in ("dark", "light", "system"):
        answer = client.post("/theme/", {"theme": theme, "next": "/log/"})
        assert answer.headers["Location"] == "/log/"
        page = client.get("/").content.decode()
        assert f'<html lang="en" data-theme="{theme}">' in page
        assert f'value="{theme}" aria-pressed="true"' in page
    client.cookies["theme"] = '"><script>'
    assert 'data-theme="system"' in client.get("/").content.decode()
