"""Naughty strings and scripts in every field of every form, in file names and uploads: nothing breaks, everything is escaped."""

from __future__ import annotations

import json
import logging
import random
import re
from http.cookies import SimpleCookie
from itertools import cycle
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import resolve

from tests.web.forms_of import Form, Page
from tests.web.payloads import XSS, naughty_strings
from tests.web.world import EXAMPLES, World, addresses, build_world
from transparency.models import Person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = ("vera", "anna", "olga")
# What these keep is shown on other pages; of everything else the answer is enough, and it is undone.
KEPT = {
    "note-write",
    "note-reply",
    "note-edit",
    "engagement-new",
    "tokens",
    "organisations",
    "invite",
    "product-new",
    "uploads",
}
FEW, ALL = 3, 600


class Attack:
    """Fills in forms, and looks at what comes back."""

    def __init__(self, strings: list[str], seed: int) -> None:
        self.strings, self.chance = strings, random.Random(seed)
        self.next = cycle(self.strings)
        self.worst = cycle(XSS)
        self.wrong: list[str] = []
        self.sent = 0

    def send(self, client: Client, form: Form, turn: int) -> Answer:
        """One of the form's text fields after the other, and the name of its files, hold the next strings."""
        texts = [(name, next(self.worst) if turn % 2 else next(self.next)) for name in form.texts]
        values = {**form.values, **{name: [text] for name, text in texts}}
        files = {name: SimpleUploadedFile("x", b"<svg onload=alert(1)>") for name in form.files}
        for file in files.values():
            file.name = next(self.worst).replace("\r", "").replace("\n", "").replace("\0", "") or "x"
        self.sent += 1
        name = resolve(form.action.partition("?")[0]).url_name or ""
        with transaction.atomic():
            answer = (
                client.get(form.action, values)
                if form.method == "get"
                else client.post(form.action, {**values, **files})
            )
            if name not in KEPT:
                transaction.set_rollback(True)
        self.look(answer, f"{form.action} with {values}")
        return answer

    def look(self, answer: Answer, what: str) -> None:
        if answer.status_code >= 500:
            self.wrong.append(f"{answer.status_code}: {what}")
        if any("\n" in value or "evil=1" in value for value in answer.headers.values()):
            self.wrong.append(f"a header: {what}")
        location = answer.headers.get("Location", "/")
        if not location.startswith("/") or location.startswith("//"):
            self.wrong.append(f"sent to {location}: {what}")
        if answer.headers["Content-Type"].startswith("text/html") and not answer.streaming:
            self.wrong += [f"{alien}: {what}" for alien in Page(answer.content.decode(), "/").alien]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """A thousand refusals are not to be written down."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_what_would_run_is_seen_when_it_is_not_escaped() -> None:
    blind = [text for text in XSS if "<" in text.replace("&lt;", "") and not Page(f"<p>{text}</p>", "/").alien]
    # These stand in an attribute, in a Markdown link, in a script or in another spelling: nothing of them is an element here.
    assert [text for text in blind if re.match(r"<[a-zA-Z]", text)] == []
    assert Page("<p title='' onmouseover='alert(8)'>", "/").alien
    assert Page("<a href='JaVaScRiPt&colon;alert(15)'>", "/").alien


def pages(world: World) -> list[str]:
    return [
        world.address(name, things)
        for name, _ in addresses()
        if not name.startswith("api-") and name != "sign-out"
        for things in ((world.opened, world.hidden) if EXAMPLES[name] else (world.opened,))
    ]


def attack(cast: Cast, world: World, strings: list[str], *, times: int, seed: int) -> Attack:
    found, seen = Attack(strings, seed), set()
    for person in PEOPLE:
        client = Client(raise_request_exception=False)
        client.force_login(Person.objects.get(username=person))
        cookies, shown = SimpleCookie(client.cookies), []
        for place in pages(world):
            answer = client.get(place)
            if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html"):
                continue
            shown.append(place)
            for form in Page(answer.content.decode(), place).forms:
                key = (resolve(form.action.partition("?")[0]).url_name, tuple(sorted(form.values)))
                if key in seen or not (form.texts or form.files):
                    continue
                seen.add(key)
                for turn in range(min(times, len(strings))):
                    found.send(client, form, turn)
                    client.cookies = SimpleCookie(cookies)
        for place in shown:  # with what was kept
            found.look(client.get(place), place)
    assert len(seen) > 25, sorted(str(key[0]) for key in seen)
    return found


def test_naughty_strings_break_no_form_and_no_page(cast: Cast, vectors: Callable[[str], Path]) -> None:
    strings = naughty_strings(vectors)
    assert len(strings) == len(XSS) + 515
    found = attack(cast, build_world(cast), strings, times=FEW, seed=1)
    assert found.wrong == [], "\n".join(found.wrong[:20])
    assert found.sent > 100


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_each_naughty_string_in_each_field_of_each_form(cast: Cast, vectors: Callable[[str], Path]) -> None:
    found = attack(cast, build_world(cast), naughty_strings(vectors), times=ALL, seed=2)
    assert found.wrong == [], "\n".join(found.wrong[:20])


def test_every_string_is_a_file_name_that_is_taken_or_refused(cast: Cast, vectors: Callable[[str], Path]) -> None:
    """As machines' and browsers' scripts announce them: no name is more than a name."""
    world, client = build_world(cast), Client(raise_request_exception=False)
    client.force_login(cast.vendor)
    place = world.address("uploads", world.opened)
    taken = 0
    for text in naughty_strings(vectors):
        with transaction.atomic():
            answer = client.post(place, json.dumps({"name": text, "size": 9}), content_type="application/json")
            transaction.set_rollback(True)
        assert answer.status_code in {201, 422}, (text, answer.content)
        if answer.status_code == 201:
            assert json.loads(answer.content)["name"] == text
            taken += 1
    assert 100 < taken < 554
