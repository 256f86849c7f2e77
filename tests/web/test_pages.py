"""What pages never do: run what was imported or written, change anything by a GET, lead elsewhere. Who gets what: test_access_matrix.py."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from tests.cast import Cast, deliver
from transparency.models import Organisation
from transparency.proofs.escaping import escape_path
from transparency.queries import log_head

if TYPE_CHECKING:
    from transparency.models import Release

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.django_db(transaction=True)


def browser(person: str | None) -> Client:
    client = Client()
    if person:
        assert client.login(username=person, password=f"{person}-password-long")
    return client


def test_templates_hold_no_inline_script_style_or_handler() -> None:
    for page in (ROOT / "templates").rglob("*.html"):
        text = page.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", text), page


HOSTILE = {
    "src/<script>alert(1)</script>.c": b'<script>alert("x")</script>\n</td></tr></table><img src=x onerror=alert(1)>\n',
    "src/bidi\u202egnp.c": "int a; /* \u202e } */ \u2066 if (admin) {\u2069\n".encode(),
    "README": b"plain\r\nwith \x1b[31m and \x00? no\n".replace(b"\x00", b""),
    "src/latin1.c": b"/* caf\xe9 */\n",
}


def test_hostile_names_and_content_are_shown_and_never_run(cast: Cast) -> None:
    deliver(cast, product="hostile", files=HOSTILE)
    client = browser("anna")
    tree = client.get("/products/hostile/1.0/tree/src/").content.decode()
    assert "<script>alert" not in tree
    for name in HOSTILE:
        place = escape_path(name.encode()).replace("%", "%25")
        answer = client.get(f"/products/hostile/1.0/file/{place}")
        assert answer.status_code == 200, name
        page = answer.content.decode()
        assert "<script>alert" not in page
        assert "onerror=alert(1)>" not in page
        assert "\u202e" not in page
        assert "\x1b" not in page
    shown = client.get(
        "/products/hostile/1.0/file/src/" + escape_path("bidi\u202egnp.c".encode()).replace("%", "%25")
    ).content.decode()
    assert "U+202E" in shown


def test_a_note_of_a_person_is_text(cast: Cast, open_release: Release) -> None:
    from django.utils import timezone

    from reviews.services.create_engagement import create_engagement
    from transparency.services.grant_rights import grant_rights

    grant_rights(
        organisation=Organisation.objects.get(slug="north"),
        product=open_release.product,
        release=None,
        rights=["review"],
        granted_by=None,
    )
    engagement = create_engagement(
        created_by=cast.auditor,
        authority=Organisation.objects.get(slug="north"),
        release=open_release,
        auditors=[cast.auditor],
        starts_at=timezone.now(),
    )
    client = browser("anna")
    client.post(
        f"/engagements/{engagement.pk}/notes/",
        {"path": "README", "start": 1, "end": 1, "text": "<b>bold</b> \u202e backwards"},
    )
    page = client.get("/products/widget/1.0/file/README").content.decode()
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "\u202e" not in page
    for region in ({"start": 1, "end": 99}, {"start": 0, "end": 1}, {"start": 2, "end": 1}, {"start": "x", "end": 1}):
        answer = client.post(
            f"/engagements/{engagement.pk}/notes/", {"path": "README", "text": "wrong place", **region}, follow=True
        )
        assert "wrong place" not in answer.content.decode()
    assert (
        browser("bela")
        .post(f"/engagements/{engagement.pk}/notes/", {"path": "README", "start": 1, "end": 1, "text": "x"})
        .status_code
        == 404
    )


@pytest.mark.parametrize(
    "place",
    [
        "/engagements/1/notes/",
        "/engagements/1/marks/",
        "/engagements/1/statements/",
        "/notes/1/delete/",
        "/theme/",
        "/sign-out/",
    ],
)
def test_what_changes_something_is_a_post_with_a_token(cast: Cast, place: str) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.login(username="anna", password="anna-password-long")
    assert client.get(place).status_code == 405
    assert client.post(place).status_code == 403


def test_the_choice_of_colours_is_kept_and_leads_nowhere_else(cast: Cast) -> None:
    client = Client()
    answer = client.post("/theme/", {"theme": "dark", "next": "https://evil.test/"})
    assert answer.headers["Location"] == "/"
    assert 'data-theme="dark"' in client.get("/").content.decode()
    client.post("/theme/", {"theme": '"><script>', "next": "/"})
    assert 'data-theme="dark"' in client.get("/").content.decode()


def test_tiles_beyond_the_checkpoint_do_not_exist(cast: Cast, open_release: Release) -> None:
    client = Client()
    size = log_head().size
    assert client.get(f"/log/tile/0/000.p/{size}").status_code == 200
    for place in (
        f"0/000.p/{size + 1}",
        "0/000",
        "1/000",
        "entries/000",
        f"entries/000.p/{size + 1}",
        "0/../checkpoint",
        "0/x000/000",
        "9/000.p/1",
    ):
        assert client.get(f"/log/tile/{place}").status_code == 404, place
