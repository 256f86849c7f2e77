"""Every page in a real browser: nothing for axe to complain of in either theme, no sideways scroll at 390 px, no error, no shift.

The table of pages (every_page.py) is held against the addresses and against the templates: a page that nobody looks at fails here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.test import Client
from django.test.signals import template_rendered
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from tests.passkeys import SoftPasskey
from tests.web.every_page import BY_PASSKEY, NO_PAGE, WRONG, in_forced_colours, pages_of
from tests.web.forced_colours import forced_colours
from tests.web.furnished import furnished
from tests.web.test_browser import Reader, chromium
from tests.web.test_sign_in import enrol
from transparency.models import LogHead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

    from tests.web.furnished import Furnished

__all__ = ["chromium", "furnished"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"
WIDE, NARROW = 1280, 390
OK = 200
# What moved after it was painted, once the whole page had arrived: scripts start then.
SHIFTS = """window.shifts = []; new PerformanceObserver(list => { window.shifts.push(...list.getEntries()); })
    .observe({type: "layout-shift", buffered: true});"""
MOVED = """() => window.shifts.filter(each => each.startTime >= performance.getEntriesByType("navigation")[0].domInteractive)
    .reduce((sum, each) => sum + each.value, 0)"""
SIDEWAYS = """() => [...document.querySelectorAll("main .tc-scroll, main table")].filter(each => each.scrollWidth > each.clientWidth + 1
    && !each.closest(".tc-code")).map(each => each.className || each.getAttribute("aria-label"))"""
AXE = "runOnly => axe.run(document, {...(runOnly ? {runOnly} : {}), resultTypes: ['violations'], preload: false}).then(found => found.violations)"
# What depends on colours or on the width; all else was looked at on the wide screen in the same markup.
OF_THE_LOOK = [
    "color-contrast",
    "link-in-text-block",
    "scrollable-region-focusable",
    "target-size",
    "label",
    "link-name",
    "button-name",
]
# Chromium's word for an answer that is an error page, and its hints about password fields of pages without a name beside them.
EXPECTED = re.compile(r"the server responded with a status of (4|5)\d\d|\[DOM\]|Clear-Site-Data header")


class Onlooker:
    """One person at a wide screen in light colours and at a narrow one in dark; what is wrong is collected, not raised at once."""

    def __init__(self, browser: Browser, base: str, client: Client) -> None:
        self.wrong: list[str] = []
        self.screens = [
            (Reader(browser, base, width=width), width, theme) for width, theme in ((WIDE, "light"), (NARROW, "dark"))
        ]
        for reader, _, theme in self.screens:
            cookies = {name: morsel.value for name, morsel in client.cookies.items()} | {"theme": theme}
            reader.context.add_cookies([{"name": name, "value": value, "url": base} for name, value in cookies.items()])
            reader.page.add_init_script(SHIFTS)

    def look(self, place: str, status: int = 200) -> None:
        for reader, width, theme in self.screens:
            answer = reader.page.goto(reader.base + place)
            where = f"{place[:80]} ({width} px, {theme})"
            if answer is None or answer.status != status:
                self.wrong.append(f"{where}: {answer and answer.status} instead of {status}")
            self.judge(reader, where, theme)

    def send(self, place: str, typed: dict[str, str], button: str, status: int) -> None:
        for reader, width, theme in self.screens:
            page, where = reader.go(place), f"{place} sent ({width} px, {theme})"
            for name, value in typed.items():
                page.fill(f"main [name={name}]", value)
            page.eval_on_selector_all("main form", "forms => forms.forEach(form => { form.noValidate = true; })")
            press = page.locator("main form button[type=submit]", has_text=button or None)
            with page.expect_navigation() as answered:
                press.first.click()
            if answered.value is None or answered.value.status != status:
                self.wrong.append(f"{where}: {answered.value and answered.value.status} instead of {status}")
            self.judge(reader, where, theme)

    def judge(self, reader: Reader, where: str, theme: str) -> None:
        page = reader.page
        if page.get_attribute("html", "data-theme") not in {theme, None}:
            self.wrong.append(f"{where}: not in the theme")
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > page.viewport_size["width"]:  # type: ignore[index]
            self.wrong.append(f"{where}: {wide} px wide")
        if theme == "dark":
            self.wrong += [f"{where}: {what} scrolls sideways" for what in page.evaluate(SIDEWAYS)]
        page.evaluate(AXE_SCRIPT)
        for violation in page.evaluate(AXE, OF_THE_LOOK if theme == "dark" else None):
            # Numbers of lines stand as close as lines; the form beside them does the same.
            violation["nodes"] = [
                node
                for node in violation["nodes"]
                if violation["id"] != "target-size" or " data-line=" not in node["html"]
            ]
            if violation["nodes"]:
                self.wrong.append(f"{where}: {told(violation)}")
        if moved := page.evaluate(MOVED):
            self.wrong.append(f"{where}: moved by {moved}")
        self.wrong += [f"{where}: {said}" for said in reader.complaints if not EXPECTED.search(said)]
        reader.complaints.clear()

    def close(self) -> list[str]:
        for reader, _, _ in self.screens:
            reader.context.close()
        return self.wrong


def told(violation: dict[str, Any]) -> str:
    node = violation["nodes"][0]
    return f"{violation['id']} ({len(violation['nodes'])}): {node['html'][:200]} {node.get('failureSummary', '')[:300]}"


def signed_in(person: str) -> Client:
    client = Client(SERVER_NAME="localhost")
    if person:
        answer = client.post("/sign-in/", {"username": person, "password": f"{person}-password-long"})
        assert answer.status_code == 302
    return client


def named(resolver: URLResolver | None = None) -> Iterator[str]:
    """Names of all addresses but those of the machine interface."""
    for item in (resolver or get_resolver()).url_patterns:
        if isinstance(item, URLPattern):
            yield str(item.name)
        elif str(item.pattern) != "v1/":
            yield from named(item)


@pytest.fixture
def rendered() -> Iterator[set[str]]:
    """The names of all templates that were rendered meanwhile, by the server's threads as well."""
    names: set[str] = set()

    def note(template: Any, **_: Any) -> None:
        names.add(template.name)

    template_rendered.connect(note)
    yield names
    template_rendered.disconnect(note)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_every_page_pleases_axe_in_both_themes_and_fits_a_narrow_screen(
    chromium: Browser,
    live_server: LiveServer,
    furnished: Furnished,
    rendered: set[str],
    *,
    every: bool,
) -> None:
    """By whoever sees most of it; in the long run by everybody whose page differs, empty and full."""
    base, pages = live_server.url.replace("127.0.0.1", "localhost"), pages_of(furnished)
    names = {name for name in named() if "_" not in name}  # with one they are allauth's names of pages of ours
    assert names - set(pages) - NO_PAGE - BY_PASSKEY == set(), "addresses that no entry of every_page.py looks at"
    for name, looks in pages.items():
        for look in looks:
            assert resolve(look.place.partition("?")[0]).url_name == name, look.place
    wrong: list[str] = []
    forced = in_forced_colours(furnished)
    looks = [
        look for each in pages.values() for turn, look in enumerate(each) if every or not turn or look.status != OK
    ]
    for person in sorted({look.person for look in looks}):
        onlooker = Onlooker(chromium, base, signed_in(person))
        for look in looks:
            if look.person == person:
                onlooker.look(look.place, look.status)
        for place in forced.get(person, ()):
            onlooker.wrong += forced_colours(onlooker.screens[0][0], place)
        for who, place, typed, button, status in WRONG:
            if who == person:
                onlooker.send(place, typed, button, status)
        wrong += onlooker.close()
    wrong += with_passkey(chromium, base)
    wrong += in_error(chromium, base)
    assert wrong == []
    whole = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html") if "{% extends" in path.read_text()}
    assert sorted(whole - rendered) == [], "pages that no look rendered"


def with_passkey(browser: Browser, base: str) -> list[str]:
    client, key = signed_in("stan"), SoftPasskey()
    answer = enrol(client, key)
    assert answer.status_code == 302
    onlooker = Onlooker(browser, base, client)
    onlooker.look("/account/recovery-codes/")
    for place in ("", "recovery-codes/make/", "confirm/passkey/", "confirm/code/"):
        onlooker.look(f"/account/{place}")
    number = re.search(r"passkeys/(\d+)/rename", client.get("/account/").content.decode())
    assert number
    for act in ("rename", "remove"):
        onlooker.look(f"/account/passkeys/{number[1]}/{act}/")
    half = Client(SERVER_NAME="localhost")
    half.post("/sign-in/", {"username": "stan", "password": "stan-password-long"})
    second = Onlooker(browser, base, half)
    second.look("/sign-in/second-step/")
    return onlooker.close() + second.close()


def in_error(browser: Browser, base: str) -> list[str]:
    """What stands there when something is wrong. The last of them end this centre."""
    onlooker = Onlooker(browser, base, Client())
    onlooker.look("/nothing/", 404)
    onlooker.look("/products/?" + "&".join(f"a{each}" for each in range(1100)), 400)
    for reader, _, theme in onlooker.screens:
        reader.go("/sign-in/")
        reader.context.clear_cookies(name="csrf")
        reader.page.fill("#id_username", "x")
        reader.page.fill("#id_password", "x")
        reader.page.click("main form button[type=submit]")
        onlooker.judge(reader, "403 of a form", theme)
    for _ in range(40):
        Client().post("/sign-in/", {"username": "nobody", "password": "wrong"})
    onlooker.send("/sign-in/", {"username": "nobody", "password": "wrong"}, "Sign in", 429)
    LogHead.objects.update(checkpoint=b"\xff not text")
    onlooker.look("/log/", 500)
    LogHead.objects.all().delete()
    onlooker.look("/log/", 503)
    return onlooker.close()
