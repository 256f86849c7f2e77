"""In a real browser: scripts work, pages work without them, nothing imported runs, nothing breaks the policy, 390 px is enough."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, sync_playwright

from reviews.models import Note, ReadMark
from reviews.services.write_note import write_note
from tests.cast import deliver
from tests.reviews.conftest import engage
from transparency.models import Release

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.live_server_helper import LiveServer

    from reviews.models import Engagement
    from tests.cast import Cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
HOSTILE = {
    'src/"><img src=x onerror=alert(1)>.c': b'<script>alert("x")</script>\n</td></tr></table><img src=x onerror=alert(1)>\n',
    "src/\u202egnp.html": "<svg onload=alert(1)>\u202e\u2066\n".encode(),
    "README": b"plain\n" * 40,
}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        reason = "no Chromium on PATH; .ci/system-packages installs it"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps an event loop in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Reader:
    """One person at one screen; whatever the browser complains about is kept."""

    def __init__(self, browser: Browser, base: str, *, width: int = 1280, scripts: bool = True) -> None:
        self.base = base
        self.complaints: list[str] = []
        self.context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts)
        self.context.set_default_timeout(10_000)
        self.page: Page = self.context.new_page()
        self.page.on("dialog", self._dialog)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error {error}"))
        self.page.on("console", self._console)

    def _dialog(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _console(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self.complaints.append(said.text)

    def sign_in(self, person: str) -> None:
        self.go("/sign-in/")
        self.page.fill("#id_username", person)
        self.page.fill("#id_password", f"{person}-password-long")
        self.page.click("main button[type=submit]")

    def go(self, place: str) -> Page:
        self.page.goto(self.base + place)
        return self.page

    def width(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth"))


@pytest.fixture
def review(cast: Cast) -> Engagement:
    return engage(cast.auditor, deliver(cast, product="hostile", files=HOSTILE, builds={"b<i>.bin": b"x"}))


def test_lines_are_selected_marked_and_noted_with_scripts(
    chromium: Browser, live_server: LiveServer, review: Engagement
) -> None:
    anna = Reader(chromium, live_server.url)
    anna.sign_in("anna")
    page = anna.go("/products/hostile/1.0/file/README")
    page.click("a[data-line='3']")
    page.click("a[data-line='6']", modifiers=["Shift"])
    assert page.input_value("#start") == "3"
    assert page.input_value("#end") == "6"
    assert page.url.endswith("?lines=3-6")
    assert page.locator("tr.is-selected").count() == 4
    page.keyboard.press("m")
    assert ReadMark.objects.count() == 0  # a key alone states nothing
    assert page.evaluate("document.activeElement.value") == "read"
    page.keyboard.press("Enter")
    page.wait_for_selector(".is-read > tr")
    assert [(mark.start, mark.end, mark.level) for mark in ReadMark.objects.all()] == [(3, 6, "read")]
    page.keyboard.press("n")
    page.keyboard.type("m and n are letters?")
    page.click("text=Keep the note")
    page.wait_for_selector(".tc-note")
    assert Note.objects.get().text == "m and n are letters?"
    page.keyboard.press("?")
    assert page.is_visible("text=Turn these keys off")
    page.click("text=Turn these keys off")
    page.locator("h1").click()
    page.keyboard.press("u")
    assert page.url.startswith(f"{live_server.url}/products/hostile/1.0/file/README")
    assert anna.complaints == []


def test_a_thread_is_begun_shared_answered_and_settled_by_keyboard_and_without_scripts(
    chromium: Browser, live_server: LiveServer, cast: Cast, review: Engagement
) -> None:
    anna, vera = Reader(chromium, live_server.url), Reader(chromium, live_server.url, scripts=False)
    place = "/products/hostile/1.0/file/README"
    anna.sign_in("anna")
    page = anna.go(place)
    for key in ("j", "j", "j", "k", "Shift+J", "Shift+J"):
        page.keyboard.press(key)
    assert (page.input_value("#start"), page.input_value("#end")) == ("2", "4")
    assert page.locator("tr.is-selected").count() == 3
    page.keyboard.press("n")
    page.keyboard.type("*why* <img src=x onerror=alert(1)> [x](javascript:alert(1))?")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.focus("#visibility-authority")
    page.keyboard.press("ArrowDown")
    page.locator("button", has_text="Keep the note").press("Enter")
    page.wait_for_selector("text=More people will read it")
    page.locator("button", has_text="Show it to them").press("Enter")
    page.wait_for_selector(".tc-note em")
    vera.sign_in("vera")
    page = vera.go("/products/hostile/-/questions/")
    page.click("a:has-text('Reply')")
    page.fill("textarea", "so that you ask")
    page.click("text=Keep the reply")
    assert page.locator("#L4 + tr .tc-note", has_text="so that you ask").count() == 1
    page = anna.go(f"{place}?lines=2-4")
    page.keyboard.press("r")
    assert page.evaluate("document.activeElement.textContent") == "Reply"
    page.locator("button", has_text="Resolve").press("Enter")
    page.wait_for_selector("summary:has-text('Resolved by')")
    assert Note.objects.get(thread=None).resolved_by == cast.auditor
    assert (anna.complaints, vera.complaints) == ([], [])


def test_the_same_is_done_without_scripts(chromium: Browser, live_server: LiveServer, review: Engagement) -> None:
    anna = Reader(chromium, live_server.url, scripts=False)
    anna.sign_in("anna")
    page = anna.go("/products/hostile/1.0/file/README")
    page.click("a[data-line='7']")
    assert page.input_value("#start") == "7"
    page.fill("#end", "9")
    page.click("text=examined them closely")
    assert [(mark.start, mark.end, mark.level) for mark in ReadMark.objects.all()] == [(7, 9, "examined")]
    page.fill("#text", "without scripts")
    page.click("text=Keep the note")
    assert Note.objects.get().start == 7
    page.click("button[value=dark]")
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.locator("button:visible", has_text="Copy").count() == 0


def test_nothing_imported_runs_and_no_page_breaks_the_policy(
    chromium: Browser, live_server: LiveServer, cast: Cast, review: Engagement
) -> None:
    write_note(
        person=cast.auditor, engagement=review, path="README", start=1, end=1, text="<img src=x onerror=alert(1)>"
    )
    anna = Reader(chromium, live_server.url)
    anna.sign_in("anna")
    seen = 0
    todo = [
        "/",
        "/products/hostile/1.0/",
        "/products/hostile/1.0/tree/",
        f"/engagements/{review.pk}/",
        "/log/",
        "/keys/",
    ]
    todo += [f"/builds/{review.release.build_lists.get().pk}/", f"/deliveries/{review.release.deliveries.get().pk}/"]
    todo += [f"/engagements/{review.pk}/statements/new/", "/engagements/new/", "/products/hostile/1.0/tree/src/"]
    for place in todo:
        page = anna.go(place)
        seen += 1
        for link in page.eval_on_selector_all(
            "main table a[href*='/file/']", "all => all.map(each => each.getAttribute('href'))"
        ):
            if link not in todo and seen < 30:
                todo.append(link)
    assert seen >= len(HOSTILE) + 11
    assert anna.complaints == []


@pytest.mark.parametrize("width", [390, 320])
def test_narrow_screens_never_scroll_sideways(
    chromium: Browser, live_server: LiveServer, review: Engagement, width: int
) -> None:
    anna = Reader(chromium, live_server.url, width=width)
    anna.sign_in("anna")
    release = Release.objects.get()
    places = [
        "/",
        "/products/",
        "/products/hostile/1.0/",
        "/products/hostile/1.0/tree/",
        "/log/",
        "/log/entry/0/",
        "/keys/",
    ]
    places += ["/products/hostile/1.0/file/README", f"/engagements/{review.pk}/", "/engagements/new/", "/nothing/"]
    places += [f"/deliveries/{release.deliveries.get().pk}/", f"/builds/{release.build_lists.get().pk}/"]
    places += [f"/engagements/{review.pk}/statements/new/", "/engagements/"]
    for place in places:
        anna.go(place)
        assert anna.width() <= width, place


def test_the_choice_of_colours_needs_no_new_page(chromium: Browser, live_server: LiveServer, cast: Cast) -> None:
    reader = Reader(chromium, live_server.url)
    page = reader.go("/log/")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    with page.expect_response("**/theme/"):
        page.click("button[value=dark]")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.reload()
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    assert reader.complaints == []


def test_focus_is_seen_and_the_first_stop_skips_to_the_content(
    chromium: Browser, live_server: LiveServer, cast: Cast
) -> None:
    reader = Reader(chromium, live_server.url)
    page = reader.go("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "tc-skip"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
