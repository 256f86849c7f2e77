"""The rooms as people use them, in a browser against the running portal: with a mouse, with keys alone, without scripts.

An auditor signs in, finds a release, reads, notes, marks, states and attests with a signature made outside; the vendor sees who may
read what, and answers; a stranger prints the record and checks the dossier with two programs of their own.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.stories.test_serve import FIRST_START_SECONDS, ROOT, Served, free_port
from tests.web.test_browser import Reader, chromium
from tests.web.test_passkey_browser import DEVICE, HINTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

__all__ = ["chromium"]
pytestmark = pytest.mark.browser
OPEN, RESTRICTED = "transparency-centre", "ledger-core"
NOTE = "Why is this **first**?"
# What has the focus: its id, its words, its place in the tree of the page, and whether one sees that it has it.
STOP = """() => {
  const stop = document.activeElement, look = getComputedStyle(stop), box = stop.getBoundingClientRect(), place = [];
  for (let each = stop; each.parentElement && each !== document.body; each = each.parentElement)
    place.unshift([...each.parentElement.children].indexOf(each));
  const seen = look.outlineStyle === "solid" && parseFloat(look.outlineWidth) >= 2 && box.width > 0 && box.height > 0;
  return {id: "#" + stop.id, place: place.join("."), seen: seen ? "yes" : "no",
    says: (stop.labels?.[0]?.innerText || stop.innerText || stop.ariaLabel || "").trim(), is: stop.outerHTML.slice(0, 200)};
}"""
LATER = """
from importlib import import_module
from django.conf import settings
from django.contrib.sessions.models import Session
from transparency.session_times import BEGAN
store = import_module(settings.SESSION_ENGINE).SessionStore
for row in Session.objects.all():
    session = store(row.session_key)
    for record in session.get("account_authentication_methods", []):
        record["at"] -= 600
    if BEGAN in session:
        session[BEGAN] -= 600
    session.save()
"""


class Portal:
    """The running portal, and what its demonstration keeps on disk."""

    def __init__(self, served: Served) -> None:
        self.address = f"http://localhost:{served.port}"
        self.home = served.home

    def password(self, person: str) -> str:
        passwords: dict[str, str] = json.loads((self.home / "demo" / "passwords.json").read_text())
        return passwords[person]

    def key(self, person: str) -> Path:
        return self.home / "demo" / "keys" / f"auditor-{person}"

    def let_sign_ins_age(self) -> None:
        """Ten minutes go by for everybody's sign-in, and for nothing else."""
        environment = {**os.environ, "TRANSPARENCY_HOME": str(self.home)}
        command = [sys.executable, str(ROOT / "manage.py"), "shell", "-v", "0", "-c", LATER]
        subprocess.run(command, env=environment, check=True, timeout=60)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    served = Served(tmp_path_factory.mktemp("rooms") / "var", free_port())
    served.wait(FIRST_START_SECONDS)
    yield Portal(served)
    served.stop()


def attempt(folder: Path, *command: str) -> tuple[int, str]:
    """A program of somebody outside: in a folder of its own, with nothing of the portal's but its code."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def sign(folder: Path, name: str, key: Path) -> Path:
    """What `transparency sign` makes of the bytes that were handed out."""
    code, said = attempt(folder, "-m", "transparency.client", "sign", name, "--key", str(key))
    assert code == 0, said
    return folder / f"{name.removesuffix('.json')}.dsse.json"


def enter(reader: Reader, portal: Portal, person: str) -> None:
    page = reader.go("/sign-in/")
    page.fill("#id_username", person)
    page.fill("#id_password", portal.password(person))
    page.click("main form button:text-is('Sign in')")
    page.wait_for_url(reader.base + "/")


def complaints(reader: Reader) -> list[str]:
    return [said for said in reader.complaints if not any(hint in said for hint in HINTS)]


def test_an_auditor_attests_without_scripts(chromium: Browser, portal: Portal, tmp_path: Path) -> None:
    anna = Reader(chromium, portal.address, scripts=False)
    page = anna.page
    enter(anna, portal, "anna")
    page.fill("#jump", RESTRICTED)
    page.click(".tc-jump button")
    page.click("main >> text=3.1")
    page.click("main >> text=Your engagement")
    page.click("text=Accept the terms")
    page.click("text=Read the source")
    page.click("main >> text=src")
    page.click("main >> text=settlement-window.c")
    page.click("a[data-line='3']")
    assert page.input_value("#start") == "3"
    page.fill("#end", "4")
    page.fill("#text", NOTE)
    page.click("text=Keep the note")
    assert page.locator(".tc-note strong", has_text="first").count() == 1
    page.fill("#start", "1")
    page.fill("#end", "4")
    page.click("button:text-is('read them')")
    assert page.locator(".is-read").count() >= 1
    anna.go("/engagements/")
    page.click(f"main >> text={RESTRICTED}")
    page.click("text=State what you read")
    page.click("text=nothing in what I read is left unexplained")
    page.click("text=Preview all that it says")
    assert page.locator("text=Nothing is frozen yet").count() == 1
    page.click("button:text-is('Freeze the statement')")
    with page.expect_download() as given:
        page.click("main >> a.tc-button:has-text('Download statement-')")
    given.value.save_as(tmp_path / given.value.suggested_filename)
    page.set_input_files("input[type=file]", sign(tmp_path, given.value.suggested_filename, portal.key("anna")))
    page.click("text=Hand it in")
    assert page.locator(".tc-tag", has_text="signed and logged").count() == 1
    page.click("text=The attestation, as others see it")
    assert page.locator("h1").count() == 1
    assert page.locator("main >> text=4 of ").count() >= 1


def test_the_rooms_from_a_passkey_to_a_strangers_proof(chromium: Browser, portal: Portal, tmp_path: Path) -> None:
    anna = Reader(chromium, portal.address)
    page = anna.page
    device = anna.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    enter(anna, portal, "anna")
    anna.go("/account/passkeys/add/")
    page.fill("#id_name", "a device")
    page.click("text=Make the passkey")
    page.wait_for_url("**/account/recovery-codes/")
    page.click("text=Sign out")
    anna.go("/sign-in/")
    page.click("text=Sign in with a passkey")
    page.wait_for_url(anna.base + "/")

    # She finds the release, reads, notes with a question to the vendor, and marks.
    page.fill("#jump", f"{OPEN} 0.1.0")
    page.click(".tc-jump button")
    page.wait_for_selector("h1:has-text('0.1.0')")
    release = page.url
    page.click("main >> text=Your engagement")
    page.click("text=Accept the terms")
    page.click("text=Read the source")
    page.click("main >> text='manage.py'")
    page.click("a[data-line='2']")
    page.click("a[data-line='5']", modifiers=["Shift"])
    page.fill("#text", NOTE)
    page.click("summary:text-is('Who reads it')")
    page.check("#visibility-vendor")
    page.click("text=Keep the note")
    page.click("text=Show it to them")
    page.wait_for_selector(".tc-note strong:text-is('first')")
    page.goto(f"{release}file/manage.py?lines=1-5")
    page.click("button:text-is('read them')")
    page.wait_for_selector(".is-read")

    # She states, signs outside, and proves again who she is before it is taken.
    page.click(".tc-nav >> text=Engagements")
    page.click(f"main >> a:has-text('{OPEN}')")
    page.click("text=State what you read")
    page.check("input[name=conclusion][value=no-unexplained]")
    page.fill("#id_limitations", "Five lines were read.")
    page.click("text=Preview all that it says")
    page.wait_for_selector("text=Nothing is frozen yet")
    page.click("button:text-is('Freeze the statement')")
    with page.expect_download() as given:
        page.click("main >> a.tc-button:has-text('Download statement-')")
    given.value.save_as(tmp_path / given.value.suggested_filename)
    envelope = sign(tmp_path, given.value.suggested_filename, portal.key("anna"))
    portal.let_sign_ins_age()
    page.set_input_files("input[type=file]", envelope)
    page.click("text=Hand it in")
    page.wait_for_url("**/account/confirm/**")
    page.wait_for_selector("text=Your sign-in was too old")
    page.click("main >> text=Use your passkey")
    page.wait_for_url("**/statements/*/")
    page.set_input_files("input[type=file]", envelope)
    page.click("text=Hand it in")
    page.wait_for_selector(".tc-tag:text-is('signed and logged')")
    page.click("text=The attestation, as others see it")
    page.wait_for_selector("h1")
    assert "/attestations/" in page.url
    assert complaints(anna) == []

    the_vendor_sees_and_answers(chromium, portal, release)
    page.goto(f"{release}file/manage.py")
    page.wait_for_selector("text=Because nothing comes before it.")
    a_stranger_checks(chromium, portal, tmp_path)


def the_vendor_sees_and_answers(browser: Browser, portal: Portal, release: str) -> None:
    """Who may read which folder, never who read what; and a question that was shown to the vendor."""
    vera = Reader(browser, portal.address)
    page = vera.page
    enter(vera, portal, "vera")
    page.click(f"main li:has-text('{OPEN}') >> text=who may read what")
    page.wait_for_selector("h2:text-is('The whole source')")
    shown = page.inner_text("main")
    assert "Northern Agency" in shown
    assert "Southern Agency" in shown
    assert "manage.py" not in shown
    assert "Five lines" not in shown
    assert page.url == f"{release}exposure/"
    vera.go("/")
    page.click("main aside >> text=Why is this")
    page.click(".tc-note a:text-is('Reply')")
    page.fill("form#reply textarea", "Because nothing comes before it.")
    page.click("text=Keep the reply")
    page.wait_for_selector("text=Because nothing comes before it.")
    assert complaints(vera) == []


def a_stranger_checks(browser: Browser, portal: Portal, folder: Path) -> None:
    """Without an account: the page, one sheet of paper, and the chain by two programs of the stranger's own."""
    stan = Reader(browser, portal.address)
    page = stan.page
    stan.go("/products/")
    page.click(f"main >> a:has-text('{OPEN}') >> nth=0")
    if "0.1.0" not in page.url:
        page.click("main >> a:has-text('0.1.0') >> nth=0")
    page.wait_for_selector("text=This does not show that no back door exists.")
    assert "Anna" not in page.inner_text("main")
    assert "Why is this" not in page.inner_text("main")
    with page.expect_download() as dossier:
        page.click("text=Download the dossier")
    dossier.value.save_as(folder / "dossier.zip")
    page.click("text=Record to print")
    page.wait_for_selector("h1:has-text('Record')")
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(prefer_css_page_size=True))) == 1
    stan.go("/trust/")
    with page.expect_download() as trust:
        page.click("text=Download it, for a start")
    trust.value.save_as(folder / "trust.json")
    kept = portal.home / "demo" / f"{OPEN}-0.1.0"
    build = next(kept.glob("*.whl"))
    for verifier in (("-m", "transparency.client", "verify"), ("-I", str(ROOT / "transparency/verifier/verify.py"))):
        code, said = attempt(folder, *verifier, "dossier.zip", str(build), "--trust", "trust.json")
        assert code == 0, said
        code, said = attempt(folder, *verifier, "dossier.zip", "trust.json", "--trust", "trust.json")
        assert code == 1, said
    assert complaints(stan) == []


class Keys:
    """Somebody without a mouse. Where the focus comes by, it can be seen."""

    def __init__(self, reader: Reader) -> None:
        self.page = reader.page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def enter(self) -> None:
        """Follow the link, or press the button, that has the focus."""
        with self.page.expect_navigation():
            self.press("Enter")

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def tab(self) -> dict[str, str]:
        self.press("Tab")
        stop: dict[str, str] = self.page.evaluate(STOP)
        assert stop["place"] == "" or stop["seen"] == "yes", stop
        return stop

    def to(self, wanted: str, at_most: int = 150) -> None:
        """Tab on to the stop that has this id or begins with these words."""
        passed = []
        for _ in range(at_most):
            stop = self.tab()
            if stop["id"] == wanted or stop["says"].startswith(wanted):
                return
            passed.append(stop["says"][:40])
        pytest.fail(f"{wanted} is no stop of {self.page.url}: {passed}")

    def walk(self) -> list[str]:
        """From the top of the page to its end: each stop once, in the order of the page, none of them a trap."""
        self.page.evaluate("document.activeElement.blur()")
        places: list[str] = []
        for _ in range(200):
            place = self.tab()["place"]
            if not place or place in places[:1]:
                break
            if place not in places[-1:]:  # a date has a stop for each of its parts
                places.append(place)
        else:
            pytest.fail(f"no end of {self.page.url}")
        numbers = [[int(number) for number in place.split(".")] for place in places]
        assert numbers == sorted(numbers), self.page.url
        assert len(set(places)) == len(places), self.page.url
        return places


def test_an_auditor_attests_by_keys_alone(chromium: Browser, portal: Portal, tmp_path: Path) -> None:
    bela = Reader(chromium, portal.address)
    page, keys = bela.page, Keys(bela)
    bela.go("/sign-in/")
    assert len(keys.walk()) > 8
    keys.to("#id_username")
    keys.type("bela")
    keys.press("Tab")
    keys.type(portal.password("bela"))
    keys.enter()
    page.wait_for_url(bela.base + "/")

    keys.press("/")
    keys.type(f"{OPEN} 0.1.0")
    keys.enter()
    page.wait_for_selector("h1:has-text('0.1.0')")
    keys.to("Your engagement")
    keys.enter()
    keys.to("Accept the terms")
    keys.enter()
    keys.to("Read the source")
    keys.enter()
    keys.to("manage.py")
    keys.enter()
    page.wait_for_selector("tr#L3")
    assert len(keys.walk()) > 20
    keys.press("n")
    keys.type(NOTE)
    keys.to("Keep the note")
    keys.enter()
    page.wait_for_selector(".tc-note strong:text-is('first')")
    keys.to("#start")
    keys.type("1")
    keys.to("#end")
    keys.type("5")
    keys.to("read them")
    keys.enter()
    page.wait_for_selector(".is-read")

    page.evaluate("document.activeElement.blur()")
    with page.expect_navigation():
        keys.press("u")
    keys.to("Your engagement")
    keys.enter()
    keys.to("State what you read")
    keys.enter()
    assert len(keys.walk()) > 15
    keys.to("no-unexplained")
    keys.press("Space")
    keys.to("Freeze the statement")
    keys.enter()
    page.wait_for_selector("text=not signed yet")
    keys.to("Download statement-")
    with page.expect_download() as given:
        keys.press("Enter")
    given.value.save_as(tmp_path / given.value.suggested_filename)
    with page.expect_file_chooser() as chooser:
        # The browser is told before the walk to the field that choosers are ours: told at the last moment, a key can overtake it.
        keys.to("#id_envelope")
        keys.press("Space")
    chooser.value.set_files(sign(tmp_path, given.value.suggested_filename, portal.key("bela")))
    keys.to("Hand it in")
    keys.enter()
    page.wait_for_selector(".tc-tag:text-is('signed and logged')")
    keys.to("The attestation, as others see it")
    keys.enter()
    page.wait_for_url("**/attestations/*/")
    assert complaints(bela) == []
