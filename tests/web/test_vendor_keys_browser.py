"""Revoking a vendor's key in a real browser, on a small screen and without scripts; nothing breaks the page or its policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pysequoia
import pytest

from tests.signers import OpenPgpSigner
from tests.web.test_browser import Reader, chromium  # noqa: F401 - a fixture
from transparency.models import TrustAnchor
from transparency.services.import_keyring import import_keyring

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

    from tests.cast import Cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_a_key_is_found_and_revoked_at_390_pixels_without_scripts(
    chromium: Browser,  # noqa: F811 - the fixture
    live_server: LiveServer,
    cast: Cast,
) -> None:
    long = OpenPgpSigner("x" * 300 + " <img src=x onerror=alert(1)>")
    ring = b"".join(
        bytes(pysequoia.Cert.from_bytes(signer.key.public.encode())) for signer in (long, OpenPgpSigner("Other"))
    )
    import_keyring(vendor="acme", keyrings=[ring], names=["y" * 255], enrolled_by=None)
    olga = Reader(chromium, live_server.url, width=390, scripts=False)
    olga.sign_in("olga")
    page = olga.go("/vendors/acme/keys/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.fill("#q", "onerror")
    page.click("main form button")
    assert page.locator("tbody tr").count() == 1
    page.click('a:text-is("Revoke")')
    assert olga.width() <= 390
    page.check("input[value=retired]")
    page.fill("textarea[name=reason]", "its owner left")
    page.check("input[name=certain]")
    page.click('main button:text-is("Revoke this key")')
    assert page.locator("text=its owner left").count() >= 1
    assert TrustAnchor.objects.get(fingerprint=long.key.fingerprint).revocation == "retired"
    assert olga.complaints == []
