"""Wrong, unreachable and broken get different answers, each with every security header."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client

from tests.web.headers import headers_are_whole
from transparency.models import LogHead
from transparency.services.stores import log_store

if TYPE_CHECKING:
    from tests.cast import Cast
    from tests.web.conftest import Browse
    from transparency.models import Installation, Release

pytestmark = pytest.mark.django_db(transaction=True)


def test_unknown_addresses_are_404_with_a_page(browse: Browse) -> None:
    answer = browse(None).get("/nothing/here/")
    assert answer.status_code == 404
    assert "<h1>Nothing is known here</h1>" in answer.content.decode()
    headers_are_whole(answer)


def test_a_form_from_elsewhere_is_403_with_a_page(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.login(username="anna", password="anna-password-long")
    answer = client.post("/keys/", {"public": "x"})
    assert answer.status_code == 403
    assert "<h1>The form could not be taken</h1>" in answer.content.decode()
    headers_are_whole(answer)


def test_an_unknown_host_is_400_and_is_not_repeated(centre: Installation) -> None:
    answer = Client(raise_request_exception=False).get("/", headers={"host": "evil.test"})
    assert answer.status_code == 400
    assert "<h1>This request cannot be read</h1>" in answer.content.decode()
    assert "evil.test" not in answer.content.decode()
    headers_are_whole(answer)


def test_weather_is_503_with_its_code_and_no_verdict(browse: Browse) -> None:
    LogHead.objects.all().delete()
    answer = browse(None).get("/log/")
    page = answer.content.decode()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert "<code>not-initialised</code>" in page
    assert "neither a yes nor a no" in page
    headers_are_whole(answer)


def test_a_release_whose_proofs_cannot_be_read_shows_nothing_as_proved(browse: Browse, open_release: Release) -> None:
    for tile in Path(log_store()._root).rglob("*"):
        if tile.is_file() and "tile" in tile.parts:
            tile.unlink()
    answer = browse(None).get("/products/widget/1.0/")
    page = answer.content.decode()
    assert answer.status_code == 503
    assert "The chain cannot be looked at now" in page
    assert ">proved<" not in page
    headers_are_whole(answer)


def test_a_bug_is_500_with_a_page_that_asks_no_database(
    browse: Browse, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browse("anna")
    LogHead.objects.update(checkpoint=b"\xff not text")
    answer = client.get("/log/")
    assert answer.status_code == 500
    assert "<h1>Something broke on our side</h1>" in answer.content.decode()
    assert "Traceback" not in answer.content.decode()
    headers_are_whole(answer)


@pytest.mark.parametrize("number", ["99999999999999999999999", "-1", "1.5", "x"])
def test_numbers_that_no_database_holds_are_404(browse: Browse, number: str) -> None:
    client = browse("anna")
    places = ("deliveries/{}/", "builds/{}/", "log/entry/{}/", "engagements/{}/", "statements/{}/")
    for place in places:
        assert client.get(f"/{place.format(number)}").status_code == 404, place


def test_pages_answer_head_as_well(browse: Browse, open_release: Release) -> None:
    for place in ("/", "/log/", "/log/checkpoint", "/products/", "/products/widget/1.0/", "/healthz"):
        answer = browse(None).head(place)
        assert (answer.status_code, answer.content) == (200, b""), place


def test_a_damaged_object_is_said_and_never_shown(browse: Browse, cast: Cast, open_release: Release) -> None:
    for kept in (settings.OBJECT_ROOT, settings.CACHE_ROOT):
        for part in Path(kept).rglob("*"):
            if part.is_file() and part.stat().st_size < 200_000:
                part.chmod(0o600)
                part.write_bytes(b"torn" + part.read_bytes()[4:])
    for place in ("file/README", "raw/README", "dossier.zip"):
        answer = browse("vera").get(f"/products/widget/1.0/{place}")
        assert answer.status_code in {500, 503}, place
        assert b"hello" not in answer.content
        headers_are_whole(answer)


def test_a_database_that_is_away_is_503_and_not_a_bug(centre: Installation) -> None:
    client = Client(raise_request_exception=False)
    with connection.execute_wrapper(full_disk):
        answer = client.get("/log/")
    assert answer.status_code == 503
    assert "disk-full" in answer.content.decode()
    headers_are_whole(answer)


def full_disk(*_: object) -> None:
    """What SQLite says when there is no room."""
    raise OperationalError("database or disk is full")
