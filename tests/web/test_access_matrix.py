"""Every address for everybody, of objects of one's own and of others': who gets what stands in access_matrix.txt, and any change fails.

After a change that is meant: `python -m pytest tests/web/test_access_matrix.py --write-matrix`, and read the difference.
"""

from __future__ import annotations

import logging
import re
from html import escape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from django.core.management import get_commands
from django.db import transaction
from django.test import Client

from tests.web.headers import missing_headers
from tests.web.world import EXAMPLES, addresses, arguments_of, build_world
from transparency.client.main import COMMANDS
from transparency.models import Person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
MATRIX = Path(__file__).with_name("access_matrix.txt")
HEAD = """\
# What each address answers to each person: with things of the open product `widget`, and with those of the restricted `vault`
# of the same vendor. A status; `in`: sent to sign in; `up`: asked to confirm who they are; `->`: sent on; `-`: not asked.
# Of the vendor's keys, and of people and organisations, the second kind is of another vendor and of the other authority.
#
# nobody   not signed in                                stan   vendor `rival`, who knows of nothing of vault
# loner    signed in, of no organisation                vera   vendor `acme`, whose products both are
# bela     auditor of `south`, without a grant          anna   auditor of `north`, with grants and engagements on both
# olga     operator                                     gone   an auditor of `north` whose account was closed meanwhile
"""
ROLES = ("nobody", "loner", "stan", "bela", "anna", "vera", "olga", "gone")
# Who may know of the restricted things of an address; everybody else is answered as if they were not there.
INSIDERS = {"anna", "vera", "olga"}
OTHERS = {"vendor": {"stan", "olga"}, "username": {"bela", "olga"}, "organisation": {"bela", "olga"}}
OTHERS |= {"own_key": {"bela", "olga"}, "session": {"bela"}, "secret": set(ROLES)}
# Everybody is answered the same there, whatever they name.
FOR_EVERYBODY = {"log-entry", "log-leaf", "log-proof", "log-tile", "api-v1:log_entry", "api-nothing"}


class Everybody:
    """Browsers of all roles. What a request changes is undone, so that the order of requests does not matter."""

    def __init__(self, cast: Cast) -> None:
        gone = Person.objects.create_user("gone", password="gone-password-long", organisation=cast.auditor.organisation)
        self.clients = {role: Client(raise_request_exception=False) for role in ROLES}
        for role, client in self.clients.items():
            if role != "nobody":
                client.force_login(Person.objects.get(username=role))
        gone.is_active = False
        gone.save()

    def ask(self, role: str, method: str, place: str) -> Answer:
        client = self.clients[role]
        cookies = SimpleCookie(client.cookies)
        with transaction.atomic():
            answer = client.generic(method, place)
            if answer.streaming:
                answer.content = b"".join(answer)
            transaction.set_rollback(True)
        client.cookies = cookies
        return answer


def told(answer: Answer) -> str:
    """The answer in a word."""
    if answer.status_code not in {301, 302, 303}:
        return str(answer.status_code)
    place = answer.headers["Location"]
    return "in" if place.startswith("/sign-in/") else "up" if place.startswith("/account/confirm/") else "->"


def plain(answer: Answer, place: str) -> tuple[bytes, list[tuple[str, str]]]:
    """Everything of an answer but for what differs by request: the address that was asked, tokens of forms."""
    content = re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", answer.content)
    for spelled in {place, quote(place), escape(place), quote(place, safe="")}:
        content = content.replace(spelled.encode(), b"ADDRESS")
    headers = [(name, value.replace(quote(place), "ADDRESS")) for name, value in answer.headers.items()]
    return content, [(name, value) for name, value in headers if name not in {"Content-Length", "Expires"}]


def knowers(name: str) -> set[str]:
    named = [thing for thing in arguments_of(name).values() if thing in OTHERS]
    return OTHERS[named[0]] if named else INSIDERS


class Matrix:
    """Asks everything, and notes where what is hidden does not look like what is not there."""

    def __init__(self, cast: Cast) -> None:
        self.world = build_world(cast)
        self.everybody = Everybody(cast)
        self.wrong: list[str] = []

    def rows(self) -> Iterator[str]:
        for name, _ in addresses():
            for method in ("GET", "POST"):
                if all(self._opened(name, method, role) in {"405", "-"} for role in ("anna", "vera")):
                    continue  # nobody asks for it so
                opened = [self._opened(name, method, role) for role in ROLES]
                hidden = [self._hidden(name, method, role) for role in ROLES] if EXAMPLES[name] else []
                if {*opened, *hidden} - {"-", "in", "405"}:
                    yield line(name, method, "open" if hidden else "", opened)
                    yield from [line("", "", "hidden", hidden)] if hidden else []

    def _opened(self, name: str, method: str, role: str) -> str:
        if _same_as_nobody(name, role):
            return "-"
        return self._told(
            name, method, role, self.everybody.ask(role, method, self.world.address(name, self.world.opened))
        )

    def _hidden(self, name: str, method: str, role: str) -> str:
        if _same_as_nobody(name, role):
            return "-"
        place, nowhere = (self.world.address(name, things) for things in (self.world.hidden, self.world.missing))
        answer = self.everybody.ask(role, method, place)
        if (
            answer.status_code == 200
            and name not in FOR_EVERYBODY
            and "no-store" not in answer.headers.get("Cache-Control", "")
        ):
            self.wrong.append(f"{name} {method} for {role}: may be kept")
        insider = name in FOR_EVERYBODY or role in knowers(name)
        if not insider or answer.status_code == 404:
            missing = self.everybody.ask(role, method, nowhere)
            if plain(answer, place) != plain(missing, nowhere):
                self.wrong.append(f"{name} {method} for {role}: {told(answer)}, and {told(missing)} for nothing")
        if not insider and answer.status_code == 200:
            self.wrong.append(f"{name} {method} for {role}: 200")
        return self._told(name, method, role, answer)

    def _told(self, name: str, method: str, role: str, answer: Answer) -> str:
        if missing := missing_headers(answer, answer.request["PATH_INFO"]):
            self.wrong.append(f"{name} {method} for {role}: {missing}")
        if answer.status_code in {500, 503}:
            self.wrong.append(f"{name} {method} for {role}: {answer.status_code}")
        return told(answer)


def _same_as_nobody(name: str, role: str) -> bool:
    """Machines are known by tokens alone (test_api_read.py asks with these): one person with a cookie is enough to see that."""
    return name.startswith("api-") and role not in {"nobody", "vera"}


def line(name: str, method: str, kind: str, answers: list[str]) -> str:
    return f"{name:27} {method:5}{kind:7}" + "".join(f"{answer:>7}" for answer in answers)


def test_every_address_has_its_example() -> None:
    known = [name for name, _ in addresses()]
    assert sorted(set(known)) == sorted(EXAMPLES), "give every address its arguments in tests/web/world.py"
    for name, pattern in addresses():
        assert set(pattern.pattern.converters) == set(arguments_of(name)), name


@pytest.fixture
def quiet() -> Iterator[None]:
    """A thousand refusals are not to be written down."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("quiet")
def test_everybody_gets_what_the_matrix_says(cast: Cast, request: pytest.FixtureRequest) -> None:
    matrix = Matrix(cast)
    title = " " * 39 + "".join(f"{role:>7}" for role in ROLES)
    found = [*HEAD.splitlines(), "", title, *matrix.rows()]
    assert matrix.wrong == [], "\n".join(matrix.wrong)
    if request.config.getoption("--write-matrix"):
        MATRIX.write_text("\n".join(found) + "\n")
    assert found == MATRIX.read_text().splitlines()


# Commands are for whoever has the machine: they ask no rights, so what each of them may touch is said here.
COMMANDS_OF_THE_MACHINE = {
    "backup": "reads everything and writes it to a folder that is named",
    "build_dossier": "reads one release, a restricted one too, and writes its dossier to a file",
    "compare_snapshots": "reads two sources, restricted ones too, keeps how they differ and prints paths",
    "export_trust": "reads public keys of open products, or of all, and writes them to a file",
    "fill_catalogue": "enters digests of files of build tools, from packages that are named",
    "grant": "gives an organisation rights, in nobody's name",
    "import_builds": "imports builds and enrols keys, in nobody's name",
    "import_keyring": "enrols keys for all products of a vendor",
    "import_sbom": "reads a bill of materials for a release, a restricted one too, keeps how it compares and prints paths",
    "import_snapshot": "imports source and enrols keys, in nobody's name",
    "init": "makes the installation's identity, once",
    "publish_checkpoint": "signs the log's next checkpoint",
    "reset_sign_in": "takes a person's passkeys away and gives a link to sign in anew",
    "restore": "fills an empty folder from a backup",
    "reverify": "judges stored deliveries again",
    "revoke_key": "revokes a vendor's key, with a reason",
    "serve": "starts the portal; --demo enters people with known passwords",
    "sweep": "deletes what nothing refers to",
    "verify_log": "reads the log and checks it",
}
COMMANDS_OF_ANYBODY = {
    "verify",
    "manifest",
    "sign",
    "push",
}  # on other people's machines; push alone asks a portal, by its token


def test_every_command_is_known() -> None:
    own = {name for name, app in get_commands().items() if app in {"transparency", "reviews"}}
    assert own == set(COMMANDS_OF_THE_MACHINE)
    assert {name for name, _, _ in COMMANDS} == COMMANDS_OF_ANYBODY
