"""The band, the keys and the homes in a real browser: with scripts, without them, and at 390 pixels; no complaint, no sideways scroll."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cast import deliver
from tests.reviews.conftest import engage
from tests.web.test_browser import Reader, chromium  # noqa: F401 - a fixture
from transparency.models import Job

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

    from tests.cast import Cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
LONG = f"{'long-' * 30}name.tar.gz"


def test_keys_the_box_the_menu_and_the_homes(
    chromium: Browser,  # noqa: F811 - the fixture
    live_server: LiveServer,
    cast: Cast,
) -> None:
    release = deliver(cast, product="widget")
    engage(cast.auditor, release)
    job = Job.objects.create(
        kind="import-snapshot", idempotency_key="1", state="running",
        payload={"release": release.pk, "archive": {"name": LONG}}, progress={"step": "reading"},
    )  # fmt: skip
    vera = Reader(chromium, live_server.url)
    vera.sign_in("vera")
    page = vera.go("/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "jump"
    page.keyboard.type("widget 1.0?/")
    assert page.input_value("#jump") == "widget 1.0?/", "keys rest while somebody types"
    page.fill("#jump", "widget 1.0")
    page.keyboard.press("Enter")
    page.wait_for_url("**/products/widget/1.0/")
    page.keyboard.press("?")
    page.wait_for_url("**/help/keys/")
    page.click("text=Turn these keys off")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") != "jump"
    page.click("text=Turn these keys on")
    page = vera.go("/")
    Job.objects.filter(pk=job.pk).update(progress={"step": "nearly there", "archiveSize": 10, "archiveBytes": 9})
    page.wait_for_selector("text=nearly there")
    assert page.evaluate("document.querySelector('[data-module=job-bar] progress').value") == 9
    Job.objects.filter(pk=job.pk).update(state="done")
    page.wait_for_selector("text=Nothing is in work.")
    assert vera.complaints == []
    Job.objects.filter(pk=job.pk).update(state="running")
    for person in ("vera", "anna", "olga"):
        reader = Reader(chromium, live_server.url, width=390, scripts=False)
        reader.sign_in(person)
        for place in ("/", "/jump/?q=nothing", "/jump/?q=w", "/help/keys/"):
            reader.go(place)
            assert reader.width() <= 390, (person, place)
        assert not reader.page.locator(".tc-menu a").first.is_visible()
        reader.page.click(".tc-menu > summary")
        reader.page.click('.tc-menu a:text-is("Log")')
        assert reader.page.url.endswith("/log/")
        assert reader.complaints == []
