"""Every page for every role: who gets what, which headers it carries, and that nothing imported runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.cast import Cast, deliver
from transparency.models import Organisation
from transparency.proofs.escaping import escape_path
from transparency.queries import log_head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transparency.models import Release

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.django_db(transaction=True)
ANSWERS = {200, 302, 401, 403, 404, 405}
PEOPLE = ("vera", "anna", "bela", "olga", "stan")
# Named address -> (open product: anonymous, signed-in stranger; restricted product: stranger).
OPEN_TO_ALL = {
    "signature-file",
    "home",
    "healthz",
    "jump",
    "keys-help",
    "sign-in",
    "account_login",
    "sign-in-passkey",
    "log",
    "log-checkpoint",
    "log-checkpoint-page",
    "log-monitor",
    "log-watch-program",
    "log-leaf",
    "trust",
    "trust-file",
    "record",
    "products",
    "product",
    "release",
    "release-notes",
    "dossier",
    "log-entry",
    "log-proof",
    "delivery",
    "builds",
}


def browser(person: str | None) -> Client:
    client = Client()
    if person:
        assert client.login(username=person, password=f"{person}-password-long")
    return client


def patterns(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every pattern behind what the resolvers above it put before it."""
    for item in (resolver or get_resolver()).url_patterns:
        if isinstance(item, URLResolver):
            yield from patterns(item, before + str(item.pattern))
        else:
            yield before, item


def address(before: str, pattern: URLPattern, release: Release) -> str:
    """The pattern's address for objects of one release."""
    values = {
        "slug": release.product.slug, "product": release.product.slug, "version": release.version, "index": "0", "offset": "0", "rest": "nothing", "rule": "name-utf8", "position": "1",
        "digest": "0" * 64, "organisation": "acme", "username": "anna", "secret": "x",
        "identity": str(release.deliveries.get().pk if pattern.name in {"delivery", "signature-file"} else release.build_lists.get().pk if pattern.name == "builds" else 1),
        "path": "0/000.p/1" if pattern.name == "log-tile" else "src" if pattern.name == "folder" else "README",
    }  # fmt: skip
    if pattern.name == "job":
        values["identity"] = str(release.deliveries.get().job_id)
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values[match[1]], before + str(pattern.pattern))


def test_every_address_answers_every_role_as_the_rules_say(
    cast: Cast, open_release: Release, restricted_release: Release
) -> None:
    """Anonymous people get public pages of open products only; a stranger never learns that a restricted one exists."""
    count = 0
    for before, pattern in patterns():
        public, hidden = address(before, pattern, open_release), address(before, pattern, restricted_release)
        machines = public.startswith("/api/")  # which of it is open: tests/web/test_api_read.py
        concerns_release = public != hidden
        for person in (None, *PEOPLE):
            client = browser(person)
            status = client.get(public).status_code
            assert status in ANSWERS | ({400, 422} if machines else set()), (public, person, status)
            if person is None and not machines and pattern.name not in OPEN_TO_ALL | {"log-tile"}:
                assert status in {302, 401, 404, 405}, (public, status)
            if pattern.name in OPEN_TO_ALL and person is None and not machines:
                assert status == 200, (public, status)
            if concerns_release and person in {None, "anna", "bela", "stan"}:
                assert client.get(hidden).status_code in {302, 401, 404, 405}, (hidden, person)
                assert person is None or client.get(hidden).status_code != 302, hidden
            count += 1
    assert count > 150


def test_every_answer_carries_the_security_headers(cast: Cast, open_release: Release) -> None:
    for person in (None, "anna"):
        client = browser(person)
        for place in (
            "/",
            "/log/",
            "/log/checkpoint",
            "/products/widget/1.0/",
            "/products/widget/1.0/file/README",
            "/nothing",
            "/healthz",
        ):
            headers = client.get(place).headers
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["Referrer-Policy"] == "same-origin"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


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
