"""Signing in and out: by password, by passkey, by both; what is told to strangers; how sessions end; how often one may try."""

from __future__ import annotations

import html
import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from tests.passkeys import SoftPasskey
from tests.web.hashers import CountingPBKDF2
from transparency.models import Person
from transparency.services.end_sessions import end_sessions
from transparency.services.sweep_sessions import sweep_sessions

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from tests.cast import Cast
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)


def local(**headers: Any) -> Client:
    """A browser at an address that passkeys work at."""
    return Client(SERVER_NAME="localhost", raise_request_exception=False, **headers)


def sign_in(client: Client, person: str, **more: str) -> Any:
    return client.post("/sign-in/", {"username": person, "password": f"{person}-password-long", **more})


def options_of(answer: Any) -> dict[str, Any]:
    found = re.search(r'data-options="([^"]+)"', answer.content.decode())
    assert found
    options: dict[str, Any] = json.loads(html.unescape(found[1]))
    return options


def enrol(client: Client, key: SoftPasskey, name: str = "laptop") -> Any:
    options = options_of(client.get("/account/passkeys/add/"))
    return client.post("/account/passkeys/add/", {"name": name, "credential": key.create(options)})


def enrolled(person: str = "anna") -> tuple[Client, SoftPasskey]:
    client, key = local(), SoftPasskey()
    assert sign_in(client, person).status_code == 302
    assert enrol(client, key).headers["Location"] == "/account/recovery-codes/"
    return client, key


def by_passkey(client: Client, key: SoftPasskey, **more: str) -> Any:
    options = client.get("/sign-in/passkey/").json()["options"]
    return client.post("/sign-in/passkey/", {"credential": key.get(options), **more})


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_a_passkey_opens_the_account_alone_and_the_password_no_longer_does(cast: Cast) -> None:
    mine, key = enrolled()
    page = mine.get("/account/").content.decode()
    assert "laptop" in page
    assert "10 unused codes" in page
    other = local()
    assert by_passkey(other, key, next="/log/").headers["Location"] == "/log/"
    assert is_in(other)
    half = local()
    assert sign_in(half, "anna", next="/log/").headers["Location"] == "/sign-in/second-step/"
    assert not is_in(half)
    assert half.get("/sign-in/").headers["Location"] == "/sign-in/second-step/"
    options = options_of(half.get("/sign-in/second-step/"))
    assert half.post("/sign-in/second-step/", {"credential": key.get(options)}).headers["Location"] == "/log/"
    assert is_in(half)


def test_recovery_codes_are_shown_once_and_each_works_once(cast: Cast) -> None:
    mine, _ = enrolled()
    shown = mine.get("/account/recovery-codes/")
    codes = re.findall(r"<li>(\d{4} \d{4} \d{4})</li>", shown.content.decode())
    assert len(set(codes)) == 10
    assert "no-store" in shown.headers["Cache-Control"]
    assert codes[0] not in mine.get("/account/recovery-codes/").content.decode()
    for attempt in (1, 2):
        half = local()
        sign_in(half, "anna")
        answer = half.post("/sign-in/second-step/", {"code": codes[3]})
        assert is_in(half) == (attempt == 1), answer.status_code
    assert "9 unused codes" in mine.get("/account/").content.decode()
    mine.post("/account/recovery-codes/make/")
    half = local()
    sign_in(half, "anna")
    half.post("/sign-in/second-step/", {"code": codes[4]})
    assert not is_in(half)
    assert half.post("/sign-out/", {"next": "/sign-in/"}).headers["Location"] == "/sign-in/"
    assert "Sign in with a passkey" in half.get("/sign-in/").content.decode()


NO_CREDENTIALS = (
    *("", "x", "[]", "{}", "7", '"x"', "null", '{"response": []}'),
    '{"id": 1, "response": {"userHandle": "eA"}}',
    '{"id": "eA", "rawId": "eA", "response": {"userHandle": "eA", "clientDataJSON": "e30", "attestationObject": "eA"}}',
)


def test_what_is_no_passkey_is_refused_in_words(cast: Cast) -> None:
    client, mine = local(), local()
    assert sign_in(mine, "anna").status_code == 302
    client.get("/sign-in/passkey/")
    mine.get("/account/passkeys/add/")
    for credential in NO_CREDENTIALS:
        answer = client.post("/sign-in/passkey/", {"credential": credential, "next": "/log/"})
        assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/?next=%2Flog%2F"), credential
        answer = mine.post("/account/passkeys/add/", {"name": "x", "credential": credential})
        assert answer.status_code == 200, credential
        assert "Make the passkey" in answer.content.decode()
    assert "None yet: your password alone" in mine.get("/account/").content.decode()


def test_a_passkey_that_cheats_opens_nothing(cast: Cast) -> None:
    mine, key = enrolled()
    for cheat in ("origin", "challenge", "no lock", "other key", "replay"):
        client = local()
        options = client.get("/sign-in/passkey/").json()["options"]
        answer = key.get(options)
        if cheat == "origin":
            key.origin = "https://portal.evil.test"
            answer = key.get(options)
            key.origin = "http://localhost"
        elif cheat == "challenge":
            answer = key.get(options, challenge="AAAA")
        elif cheat == "no lock":
            key.verified = 0
            answer = key.get(options)
            key.verified = 4
        elif cheat == "other key":
            impostor = SoftPasskey()
            impostor.user, impostor.identity = key.user, key.identity
            answer = impostor.get(options)
        elif cheat == "replay":
            assert client.post("/sign-in/passkey/", {"credential": answer}).headers["Location"] == "/"
            client = local()
            client.get("/sign-in/passkey/")
        client.post("/sign-in/passkey/", {"credential": answer})
        assert not is_in(client), cheat
    bela, own = local(), SoftPasskey()
    sign_in(bela, "bela")
    enrol(bela, own)
    half = local()
    sign_in(half, "anna")
    options = options_of(half.get("/sign-in/second-step/"))
    half.post("/sign-in/second-step/", {"credential": own.get(options)})
    assert not is_in(half)  # a passkey, but of somebody else
    assert is_in(mine)


def test_passkeys_are_renamed_and_removed_by_their_owner_alone(cast: Cast) -> None:
    mine, key = enrolled()
    second = local()
    by_passkey(second, key)
    from allauth.mfa.models import Authenticator

    number = Authenticator.objects.get(type="webauthn").pk
    bela = local()
    sign_in(bela, "bela")
    for place in (f"/account/passkeys/{number}/rename/", f"/account/passkeys/{number}/remove/"):
        assert bela.get(place).status_code == 404
        assert bela.post(place, {"name": "stolen"}).status_code == 404
    mine.post(f"/account/passkeys/{number}/rename/", {"name": "<b>key \u202e"})
    page = mine.get("/account/").content.decode()
    assert "&lt;b&gt;key ‹U+202E›" in page
    assert mine.post(f"/account/passkeys/{number}/remove/").headers["Location"] == "/account/"
    assert not is_in(second)
    assert is_in(mine)
    assert not is_in(_tried(key))
    assert sign_in(local(), "anna").headers["Location"] == "/"


def _tried(key: SoftPasskey) -> Client:
    client = local()
    by_passkey(client, key)
    return client


def test_where_a_passkey_is_required_nothing_opens_before_there_is_one(cast: Cast, settings: Settings) -> None:
    settings.REQUIRE_PASSKEY = True
    client, key = local(), SoftPasskey()
    sign_in(client, "anna")
    for place in (
        "/",
        "/engagements/",
        "/account/",
        "/account/password/",
        "/products/",
        "/account/recovery-codes/make/",
    ):
        assert client.get(place).headers["Location"] == "/account/passkeys/add/", place
    assert client.post("/account/sessions/end-others/").headers["Location"] == "/account/passkeys/add/"
    assert "lets nobody further" in client.get("/account/passkeys/add/").content.decode()
    enrol(client, key)
    assert client.get("/engagements/").status_code == 200
    from allauth.mfa.models import Authenticator

    number = Authenticator.objects.get(type="webauthn").pk
    client.post(f"/account/passkeys/{number}/remove/")
    assert "your only passkey" in client.get("/account/").content.decode()
    assert Authenticator.objects.filter(pk=number).exists()
    assert Client().get("/products/").status_code == 200  # strangers read public pages
    late = local()
    sign_in(late, "bela")
    assert late.post("/sign-out/").status_code == 302


def test_by_e_mail_address_too_but_only_where_it_names_one_person(cast: Cast) -> None:
    Person.objects.filter(username="anna").update(email="anna@north.test")
    client = local()
    client.post("/sign-in/", {"username": " ANNA@north.test", "password": "anna-password-long"})
    assert is_in(client)
    Person.objects.filter(username="bela").update(email="Anna@north.test")
    client = local()
    client.post("/sign-in/", {"username": "anna@north.test", "password": "anna-password-long"})
    assert not is_in(client)


NAUGHTY = (
    *("https://evil.test/", "//evil.test/", "/\\evil.test", "\\\\evil.test", "javascript:alert(1)", "http:evil.test"),
    *("/\t/evil.test", "///evil.test", "http://localhost/log/", "evil", "\n//evil.test", "https:///evil.test"),
)


def test_signing_in_leads_to_no_other_place(cast: Cast) -> None:
    for back in NAUGHTY:
        client = local()
        assert sign_in(client, "anna", next=back).headers["Location"] == "/", back
        assert client.get("/sign-in/", {"next": back}).headers["Location"] == "/", back
        assert client.post("/sign-out/", {"next": back}).headers["Location"] == "/", back
        assert 'name="next"' not in client.get("/sign-in/", {"next": back}).content.decode().split("<footer")[0], back


def test_nobody_signs_up_and_nothing_of_allauth_is_there_that_is_not_wanted(cast: Cast) -> None:
    for name in (
        "account_signup",
        "account_email",
        "account_reset_password",
        "account_confirm_email",
        "account_inactive",
        "mfa_activate_totp",
        "socialaccount_connections",
    ):
        with pytest.raises(NoReverseMatch):
            reverse(name, args=[]) if name != "account_confirm_email" else reverse(name, args=["x"])
    for place in (
        "/account/signup/",
        "/accounts/signup/",
        "/signup/",
        "/account/email/",
        "/account/password/reset/",
        "/account/login/",
    ):
        assert Client().get(place).status_code == 404, place
    before = Person.objects.count()
    Client().post("/sign-in/", {"username": "new", "email": "n@x.test", "password": "x" * 20, "password1": "x" * 20})
    assert Person.objects.count() == before


def test_unknown_wrong_and_switched_off_get_the_same_answer_for_one_hash_each(cast: Cast, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["tests.web.hashers.CountingPBKDF2"]
    for name in ("anna", "bela"):
        person = Person.objects.get(username=name)
        person.set_password(f"{name}-password-long")
        person.email = f"{name}@north.test"
        person.is_active = name != "bela"
        person.save()
    asked = {
        "unknown": ("nobody", "nobody-password-long"),
        "wrong": ("anna", "bela-password-long"),
        "off": ("bela", "bela-password-long"),
        "unknown address": ("nobody@north.test", "x"),
        "wrong by address": ("anna@north.test", "x"),
    }
    pages: dict[str, Any] = {}
    costs: dict[str, list[int]] = {}
    settings.ACCOUNT_RATE_LIMITS = {"login": "999/m/ip", "login_failed": "999/m/ip,999/m/key"}
    client = Client()
    client.get("/sign-in/")
    for case, (name, password) in asked.items():
        CountingPBKDF2.computed.clear()
        answer = client.post("/sign-in/", {"username": name, "password": password})
        costs[case] = list(CountingPBKDF2.computed)
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
        pages[case] = (answer.status_code, sorted(answer.headers), text.replace(name, ""))
    assert all(page == pages["unknown"] for page in pages.values())
    # The hash dominates each answer: none or two would be half or twice as long.
    assert all(cost == [CountingPBKDF2.iterations] for cost in costs.values()), costs


def test_sessions_that_ended_let_nobody_back_in(cast: Cast) -> None:
    def opened() -> tuple[Client, Client]:
        client, thief = local(), local()
        sign_in(client, "anna")
        thief.cookies["session"] = client.cookies["session"].value
        assert is_in(thief)
        return client, thief

    client, thief = opened()
    client.post("/sign-out/")
    assert thief.get("/account/").headers["Location"] == "/sign-in/?next=/account/"
    client, thief = opened()
    other = local()
    sign_in(other, "anna")
    old, new = "anna-password-long", "another password of anna"
    wrong = client.post("/account/password/", {"old": "x", "new": new, "again": new}).content.decode()
    assert "That is not your password." in wrong
    assert (
        "14 characters"
        in client.post("/account/password/", {"old": old, "new": "short", "again": "short"}).content.decode()
    )
    assert client.post("/account/password/", {"old": old, "new": new, "again": new}).headers["Location"] == "/account/"
    assert (is_in(client), is_in(thief), is_in(other)) == (True, False, False)
    Person.objects.filter(username="anna").update(is_active=False)
    assert client.get("/account/").headers["Location"] == "/sign-in/?next=/account/"
    Person.objects.filter(username="anna").update(is_active=True)
    assert end_sessions(person=cast.auditor) == 1
    assert not is_in(client)


def test_signing_in_changes_the_name_of_the_session(cast: Cast) -> None:
    client = local()
    client.get("/sign-in/passkey/")
    planted = client.cookies["session"].value
    sign_in(client, "anna")
    assert client.cookies["session"].value != planted
    victim = local()
    victim.cookies["session"] = planted
    assert not is_in(victim)


def test_the_list_of_sessions_ends_one_or_all_others(cast: Cast) -> None:
    mine = local(HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
    others = [local(HTTP_USER_AGENT=f"<b>browser {number}") for number in range(3)]
    for client in (mine, *others):
        sign_in(client, "anna")
    page = mine.get("/account/").content.decode()
    assert "Firefox on Linux" in page
    assert page.count("this one</span>") == 1
    assert "&lt;b&gt;browser 2" in page
    ends = re.findall(r'action="(/account/sessions/\d+/end/)"', page)
    assert len(ends) == 3
    bela = local()
    sign_in(bela, "bela")
    assert bela.post(ends[0]).status_code == 404
    mine.post(ends[0])  # the newest of them
    assert [is_in(client) for client in others] == [True, True, False]
    assert mine.get(ends[0]).status_code == 405
    mine.post("/account/sessions/end-others/")
    assert [is_in(client) for client in (mine, *others)] == [True, False, False, False]
    assert is_in(bela)


def test_a_session_ends_after_a_while_without_use_and_after_twelve_hours(
    cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IDLE_SECONDS = 900
    now = time.time()
    clock = {"at": now}
    monkeypatch.setattr("transparency.session_times.time.time", lambda: clock["at"])
    client = local()
    sign_in(client, "anna")
    for step in (600, 600, 600):
        clock["at"] += step
        assert is_in(client)
    for step in (500, 500):  # what a page asks for by itself is no use
        clock["at"] += step
        client.get("/account/", headers={"Sec-Fetch-Dest": "empty"})
    assert not is_in(client)
    assert "nothing was done here for a while" in client.get("/sign-in/").content.decode()
    assert "nothing was done here for a while" not in client.get("/sign-in/").content.decode()
    sign_in(client, "anna")
    for _ in range(12 * 6 - 1):
        clock["at"] += 600
        client.get("/log/checkpoint")
    assert is_in(client)
    clock["at"] += 600
    assert not is_in(client)
    assert "twelve hours at most" in client.get("/sign-in/").content.decode()


def test_sessions_that_are_over_are_forgotten(cast: Cast) -> None:
    mine, gone = local(), local()
    sign_in(mine, "anna")
    sign_in(gone, "anna")
    Session.objects.filter(session_key=gone.session.session_key).update(expire_date=timezone.now())
    assert sweep_sessions() == 1
    assert [row.session_key for row in UserSession.objects.all()] == [mine.session.session_key]
    assert is_in(mine)


def test_too_many_attempts_are_told_to_wait_and_lock_nobody_else_out(cast: Cast) -> None:
    client = local()
    answers = [client.post("/sign-in/", {"username": "anna", "password": "wrong"}) for _ in range(100)]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert sum(answer.status_code == 200 for answer in answers) == 10
    last = answers[-1]
    assert last.headers["Retry-After"] == "60"
    assert "Too many attempts" in last.content.decode()
    assert "default-src 'none'" in last.headers["Content-Security-Policy"]
    assert sign_in(client, "anna").status_code == 429  # the right password, from there, within the minute
    claimed = local(HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert sign_in(claimed, "bela").status_code == 429  # whoever claims another address is not believed
    elsewhere = local(REMOTE_ADDR="203.0.113.9")
    assert sign_in(elsewhere, "bela").status_code == 302
    assert sign_in(local(REMOTE_ADDR="203.0.113.10"), "anna").status_code == 429  # the name counts everywhere


def test_a_name_that_is_under_attack_still_opens_by_passkey_and_confirms(cast: Cast) -> None:
    mine, key = enrolled()
    attacker = local(REMOTE_ADDR="203.0.113.9")
    for _ in range(12):
        attacker.post("/sign-in/", {"username": "anna", "password": "wrong"})
    assert sign_in(local(), "anna").status_code == 429
    assert is_in(_tried(key))
    options = options_of(mine.get("/account/confirm/passkey/"))
    assert mine.post("/account/confirm/passkey/", {"credential": key.get(options)}).headers["Location"] == "/"


def test_behind_a_proxy_the_address_comes_from_as_far_as_it_is_trusted(cast: Cast, settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    client = local(HTTP_X_FORWARDED_FOR="198.51.100.1, 203.0.113.9")
    sign_in(client, "anna")
    page = client.get("/account/").content.decode()
    assert "203.0.113.9" in page
    assert "198.51.100.1" not in page


def test_second_step_and_confirmation_are_limited_too(cast: Cast, settings: Settings) -> None:
    enrolled()
    half = local()
    sign_in(half, "anna")
    codes = [half.post("/sign-in/second-step/", {"code": f"{number:012}"}).status_code for number in range(12)]
    assert codes == [200] * 10 + [429] * 2
    settings.ACCOUNT_RATE_LIMITS = {"reauthenticate": "3/m/user"}
    bela = local()
    sign_in(bela, "bela")
    tries = [bela.post("/account/confirm/", {"password": "wrong"}).status_code for _ in range(5)]
    assert tries == [200, 200, 200, 429, 429]
    assert bela.post("/account/confirm/", {"password": "bela-password-long"}).status_code == 429


def test_a_page_costs_one_query_for_the_session_and_one_for_its_person(
    cast: Cast, open_release: Release, settings: Settings
) -> None:
    client, _ = enrolled()
    settings.REQUIRE_PASSKEY = True
    place = "/products/widget/1.0/file/README"
    client.get(place)  # notes that there is a passkey
    with CaptureQueriesContext(connection) as queries:
        assert client.get(place).status_code == 200
    asked = [query["sql"] for query in queries]
    about = {
        table: sum(table in sql for sql in asked) for table in ("django_session", "usersessions", "mfa_", "counts")
    }
    assert about == {"django_session": 1, "usersessions": 0, "mfa_": 0, "counts": 0}
    with CaptureQueriesContext(connection) as queries:
        Client().get("/log/checkpoint")
    assert not [query for query in queries if "session" in query["sql"]]
