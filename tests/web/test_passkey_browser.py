"""A passkey in a real browser, with Chromium's own virtual authenticator: made, used alone, used after the password, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from allauth.mfa.models import Authenticator

from tests.web.test_browser import Reader, chromium  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

    from tests.cast import Cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
# Chromium says these of any page with a password field for the one whose password it is.
HINTS = ("[DOM] Password forms should have", "Clear-Site-Data header")


def test_a_passkey_from_its_making_to_its_end(
    chromium: Browser,  # noqa: F811 - the fixture
    live_server: LiveServer,
    cast: Cast,
) -> None:
    anna = Reader(chromium, live_server.url.replace("127.0.0.1", "localhost"))
    device = anna.context.new_cdp_session(anna.page)
    device.send("WebAuthn.enable")
    number = device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]
    anna.sign_in("anna")
    page = anna.go("/account/passkeys/add/")
    page.fill("#id_name", "a device")
    page.click("text=Make the passkey")
    page.wait_for_url("**/account/recovery-codes/")
    assert page.locator("ol.tc-mono li").count() == 10
    page.set_viewport_size({"width": 390, "height": 900})
    assert anna.width() <= 390
    page.set_viewport_size({"width": 1280, "height": 900})
    anna.go("/account/passkeys/add/")
    page.click("text=Make the passkey")
    page.wait_for_selector("text=This device already holds a passkey")

    page.click("text=Sign out")
    anna.go("/sign-in/?next=/log/")
    page.click("text=Sign in with a passkey")
    page.wait_for_url("**/log/")

    page.click("text=Sign out")
    anna.sign_in("anna")
    page.wait_for_url("**/sign-in/second-step/")
    device.send("WebAuthn.setUserVerified", {"authenticatorId": number, "isUserVerified": False})
    page.click("text=Use your passkey")
    page.wait_for_selector("text=It was cancelled, or it took too long.")
    device.send("WebAuthn.setUserVerified", {"authenticatorId": number, "isUserVerified": True})
    page.click("text=Use your passkey")
    page.wait_for_url(anna.base + "/")

    anna.go("/account/")
    assert page.locator("td", has_text="never").count() == 0
    page.click("text=Remove")
    page.click("text=Remove this passkey")
    page.wait_for_selector("text=None yet: your password alone")
    assert not Authenticator.objects.exists()  # the codes went with it
    page.click("text=Sign out")
    anna.go("/sign-in/")
    page.click("text=Sign in with a passkey")
    page.wait_for_selector("text=That was not accepted")
    assert [said for said in anna.complaints if not any(hint in said for hint in HINTS)] == []
