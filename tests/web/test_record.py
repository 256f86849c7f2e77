"""The printable record: dated, honest, one page of A4; looked at in a browser together with the other public pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.web.attesting import attest
from tests.web.test_browser import Reader, chromium  # noqa: F401 - the fixture
from tests.web.test_releases import text_of
from transparency.queries import log_head
from transparency.services.withdraw_delivery import withdraw_delivery

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

    from reviews.models import Engagement
    from tests.cast import Cast
    from tests.web.conftest import Browse
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)
RECORD = "/products/widget/1.0/record/"


def test_the_record_is_dated_and_says_what_it_is_not(
    browse: Browse, cast: Cast, open_release: Release, restricted_release: Release
) -> None:
    text = text_of(browse(None), RECORD)
    head, subject = log_head(), open_release.subject
    assert subject is not None
    for said in (
        f"As known at checkpoint {head.size} of {head.moved_at:%Y-%m-%d %H:%M} UTC",
        "later withdrawals cannot be seen on paper",
        "What machines found",
        "What named people stated",
        "What nobody checked",
        "This does not show that no back door exists.",
        subject.manifest,
        open_release.deliveries.get().archive_sha256,
        head.root,
        "http://testserver/products/widget/1.0/ ",
        "This paper proves nothing by itself",
    ):
        assert said in text, said
    assert browse(None).get("/products/vault/9.9/record/").status_code == 404
    vera = browse("vera").get("/products/vault/9.9/record/")
    assert vera.headers["Cache-Control"] == "no-store"
    assert b"Restricted: for those who may know of it." in vera.content
    assert browse("stan").get("/products/vault/9.9/record/").status_code == 404
    withdraw_delivery(delivery=open_release.deliveries.get(), reason="the wrong archive", by=cast.vendor)
    gone = text_of(browse(None), RECORD)
    assert "Its source was withdrawn" in gone
    assert "the wrong archive" in gone
    assert "Machines found" not in gone


@pytest.mark.browser
def test_it_is_one_page_and_no_public_page_scrolls_sideways(
    chromium: Browser,  # noqa: F811
    live_server: LiveServer,
    cast: Cast,
    engagement: Engagement,
) -> None:
    for lines in range(1, 5):
        attest(cast.auditor, cast.auditor_key, engagement, path="src/main.c", lines=lines)
    reader = Reader(chromium, live_server.url, width=390)
    for place in (
        "/products/",
        "/products/widget/1.0/",
        RECORD,
        "/trust/",
        "/log/?text=0",
        "/log/entry/4/",
        "/log/checkpoint/",
        "/log/monitor/",
    ):
        page = reader.go(place)
        assert reader.width() <= 390, place
    picture = reader.go("/log/entry/4/").locator(".tc-proof__picture")
    assert picture.bounding_box()["width"] > 300  # type: ignore[index]
    page = reader.go(RECORD)
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.evaluate("getComputedStyle(document.querySelector('.tc-nav')).display") == "none"
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(prefer_css_page_size=True))) == 1
    assert reader.complaints == []
