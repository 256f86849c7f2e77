"""A bundle of the worst wherever pages show what people and sources say, in a real browser: nothing runs, nothing breaks the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from reviews.models import Note
from tests.web.payloads import XSS
from tests.web.test_browser import Reader, chromium
from tests.web.world import EXAMPLES, World, build_world
from transparency.models import (
    ApiToken,
    Artifact,
    Delivery,
    Event,
    Invitation,
    Organisation,
    Person,
    Product,
    TrustAnchor,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

    from tests.cast import Cast

__all__ = ["chromium"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
BUNDLE = "\n\n".join(XSS).replace("\0", "")
SEEN_BY = {
    "anna": "home products product release tree file folder delivery builds engagements engagement statement-new statement attestation note "
    "release-notes keys log log-entry account organisation person",
    "vera": "home product anchors anchor-revoke tokens deliver deliver-source deliver-git grants questions exposure quarantine jobs job release-notes",
    "olga": "home organisations organisation person vendor-keys vendor-key-revoke settings-check delivery-withdraw",
}
# Reports of the browser itself, beside what its console says.
LISTEN = """
window.reports = [];
document.addEventListener("securitypolicyviolation", (event) => window.reports.push(`${event.violatedDirective} ${event.blockedURI}`));
for (const name of ["alert", "confirm", "prompt"]) window[name] = () => window.reports.push(name);
"""


def fill(world: World) -> None:
    """The worst in every text that a person or a source chose, past every form."""
    short = {size: "".join(XSS)[:size].replace("\0", "") for size in (100, 150, 200, 255)}
    Note.objects.update(text=BUNDLE, visibility=Note.Visibility.VENDOR)
    Product.objects.update(name=short[200])
    Organisation.objects.update(name=short[200])
    Person.objects.update(first_name=short[150])
    ApiToken.objects.update(name=short[100])
    Invitation.objects.update(name=short[150])
    Delivery.objects.update(
        archive_name=short[255], flagged=[{"path": text, "rule": "backslash", "detail": text} for text in XSS]
    )
    Artifact.objects.update(name=BUNDLE[:1000])
    TrustAnchor.objects.update(user_ids=BUNDLE)
    Event.objects.update(reason=BUNDLE, before=short[200], after=short[200])


def test_the_worst_of_all_runs_nowhere(chromium: Browser, live_server: LiveServer, cast: Cast) -> None:
    world = build_world(cast)
    fill(world)
    for person, names in SEEN_BY.items():
        session = Client()
        session.force_login(Person.objects.get(username=person))
        reader = Reader(chromium, live_server.url)
        cookie = session.cookies["session"].value
        reader.context.add_cookies([{"name": "session", "value": cookie, "url": live_server.url}])
        reader.context.add_init_script(LISTEN)
        for name in names.split():
            place = world.address(name, world.opened) if EXAMPLES[name] else world.address(name, {})
            page = reader.page
            answer = page.goto(live_server.url + place)
            assert answer is not None
            assert answer.status == 200, (person, place, answer.status)
            assert "alert(" in page.content() or name in {
                "log",
                "account",
                "keys",
                "engagements",
                "settings-check",
                "quarantine",
            }, place
            assert page.evaluate("window.reports") == [], (person, place)
            assert page.locator("main").count() == 1, place
        assert reader.complaints == []
        # That something would be noticed: a picture from elsewhere is refused, reported, and complained about.
        reader.page.evaluate("document.body.append(Object.assign(new Image(), {src: 'https://evil.test/x.png'}))")
        reader.page.wait_for_function("window.reports.length > 0")
        assert reader.page.evaluate("window.reports")[0].startswith("img-src")
        reader.context.close()
