"""Pictures of the first-hour guides: `python -m tests.screenshots docs/images`.

Starts the demonstration in a temporary data folder and does in Chromium what the guides (docs/first-hour-*.md) say, by the names of
links and buttons that they use: a name that is no longer there ends the run. Pictures are 1280 pixels wide; tests/test_guides.py
holds their number and size, and that the guides and the pages use the same names.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.png import shrink
from tests.stories.test_serve import FIRST_START_SECONDS, Served, free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDTH, HEIGHT = 1280, 860
# Grey edges of letters, each letter on whole pixels: the same letter is the same picture everywhere, which packs well.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-lcd-text",
    "--disable-font-subpixel-positioning",
    "--hide-scrollbars",
]
PRODUCT, VERSION = "transparency-centre", "0.1.0"
SOURCE = f"/products/{PRODUCT}/{VERSION}/"
FILE = f"{SOURCE}file/transparency/proofs/log/merkle.py"


class Visitor:
    """One person at a browser of their own; `name` begins the names of their pictures."""

    def __init__(self, browser: Browser, served: Served, out: Path, name: str) -> None:
        self._base, self._out, self._name = f"http://localhost:{served.port}", out, name
        context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        context.set_default_timeout(60_000)
        self.page: Page = context.new_page()
        self._home = served.home

    def go(self, place: str) -> None:
        answer = self.page.goto(self._base + place)
        if answer is None or not answer.ok:
            raise SystemExit(f"{place} answered {answer.status if answer else 'nothing'}")

    def sign_in(self, person: str) -> None:
        self.go("/")
        self.page.get_by_role("link", name="Sign in").first.click()
        self.page.get_by_label("Name or e-mail address").fill(person)
        self.page.get_by_label("Password", exact=True).fill(self._password(person))
        self.press("Sign in")

    def confirm(self, person: str) -> None:
        """Answer who is sitting there, where the page asks for it."""
        if "/confirm/" in self.page.url:
            self.page.get_by_label("Password").fill(self._password(person))
            self.page.locator("main button[type=submit]").first.click()

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def press(self, name: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=name, exact=True).first.click()

    def take(self, what: str) -> None:
        """A picture of the page as it stands, from the top."""
        self.page.evaluate("window.scrollTo(0, 0)")
        picture = self.page.screenshot(animations="disabled", caret="hide")
        (self._out / f"{self._name}-{what}.png").write_bytes(shrink(picture))

    def _password(self, person: str) -> str:
        said: dict[str, str] = json.loads((self._home / "demo" / "passwords.json").read_text())
        return said[person]


def public(visitor: Visitor) -> None:
    visitor.go("/")
    visitor.follow("Products")
    visitor.take("releases")
    visitor.page.locator("main").get_by_role("link", name=f"{PRODUCT} {VERSION}").first.click()
    visitor.take("release")
    visitor.go("/log/entry/0/")
    visitor.take("log-entry")


def auditor(visitor: Visitor) -> None:
    visitor.sign_in("anna")
    visitor.take("home")
    visitor.follow(f"{PRODUCT} {VERSION}")
    visitor.press("Accept the terms")
    visitor.take("engagement")
    visitor.go(f"{FILE}?lines=20-40#L20")
    visitor.press("read them")
    visitor.page.get_by_label("Note", exact=True).fill(
        "Why is the empty tree a case of its own here? RFC 6962 gives it a *fixed* hash."
    )
    visitor.press("Keep the note")
    visitor.take("file")
    visitor.follow("Engagements")
    visitor.follow(f"{PRODUCT} {VERSION}")
    visitor.follow("State what you read")
    visitor.page.get_by_role("radio").first.check()
    visitor.press("Freeze the statement")
    visitor.confirm("anna")
    visitor.take("sign")


def vendor(visitor: Visitor) -> None:
    visitor.sign_in("vera")
    visitor.take("home")
    visitor.follow("ledger-core")
    visitor.follow("Deliver a release")
    visitor.take("deliver")
    visitor.follow("ledger-core")
    visitor.follow("Who may read it")
    visitor.follow("Give a right")
    visitor.take("right")


def operator(visitor: Visitor) -> None:
    visitor.sign_in("olga")
    visitor.take("today")
    visitor.follow("Organisations")
    visitor.take("organisations")


ROLES = (public, auditor, vendor, operator)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("no Chromium on PATH; .ci/system-packages installs it")
    with tempfile.TemporaryDirectory(prefix="screenshots-") as folder, sync_playwright() as playwright:
        served = Served(Path(folder) / "var", free_port())
        try:
            served.wait(FIRST_START_SECONDS)
            browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
            for role in ROLES:
                role(Visitor(browser, served, out, role.__name__))
        finally:
            served.stop()


if __name__ == "__main__":
    main()
