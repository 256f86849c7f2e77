"""Giving and ending rights: who may, on what, and what every cheat answers."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from transparency.errors import EvidenceError, NotAllowedError
from transparency.grant_words import grant_sentence
from transparency.models import Grant, Organisation, Person, Product
from transparency.permissions import Right, may, may_end_grants, may_grant
from transparency.services.end_grant import end_grant
from transparency.services.ensure_release import ensure_release
from transparency.services.grant_rights import grant_rights

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def vault(cast: Cast) -> Product:
    return ensure_release(vendor="acme", product="vault", version="9.9", restricted=True).product


@pytest.fixture
def widget(cast: Cast) -> Product:
    return ensure_release(vendor="acme", product="widget", version="1.0", restricted=False).product


def org(slug: str) -> Organisation:
    return Organisation.objects.get(slug=slug)


def give(product: Product, by: Person | None, **more: Any) -> Grant:
    said: dict[str, Any] = {"organisation": org("north"), "rights": ["read-source"]} | more
    if "person" in said:
        del said["organisation"]
    return grant_rights(product=product, granted_by=by, **said)


def test_a_restricted_products_rights_are_its_vendors_to_give_and_an_open_ones_the_operators_too(
    cast: Cast, vault: Product, widget: Product
) -> None:
    helper = Person.objects.create_user("hugo", organisation=org("rival"))
    Grant.objects.create(person=helper, product=vault, rights=list(Right))
    former = Person.objects.create_user("vic", organisation=org("acme"), is_active=False)
    for person, on_vault, on_widget in (
        (cast.vendor, True, True),
        (cast.operator, False, True),
        (cast.auditor, False, False),
        (cast.stranger, False, False),
        (helper, False, False),  # holding every right lets nobody pass one on
        (former, False, False),
    ):
        for product, allowed in ((vault, on_vault), (widget, on_widget)):
            assert may_grant(person, product) == allowed, (person, product)
            if not allowed:
                with pytest.raises(NotAllowedError, match="grant-foreign"):
                    give(product, person, organisation=org("south"))
                with pytest.raises(NotAllowedError, match="grant-foreign"):
                    give(product, person, person=cast.other_auditor)
    assert Grant.objects.count() == 1
    assert may_end_grants(cast.operator, vault)
    assert not may_end_grants(helper, vault)


def test_nobody_extends_the_rights_of_their_own_organisation(cast: Cast, vault: Product, widget: Product) -> None:
    """The operator cannot let itself download an open product, a vendor cannot make itself its own reviewer."""
    nobody = Person.objects.create_user("noel")
    for giver, product, holder in (
        (cast.operator, widget, {"organisation": org("centre")}),
        (cast.operator, widget, {"person": cast.operator}),
        (cast.vendor, vault, {"organisation": org("acme")}),
        (cast.vendor, vault, {"person": cast.vendor}),
        (cast.vendor, vault, {"person": nobody}),
    ):
        with pytest.raises(NotAllowedError, match="grant-own"):
            give(product, giver, rights=["download-source"], **holder)
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"rights": ["operate"]}, "right-unknown"),
        ({"rights": ["see-quarantine"]}, "right-unknown"),
        ({"rights": ["read-source", "rule"]}, "right-unknown"),
        ({"rights": []}, "grant-nothing"),
        ({"rights": ["deliver"], "folder": "src"}, "folder-right"),
        ({"rights": ["read-source", "review"], "folder": "src"}, "folder-right"),
        ({"folder": "../etc"}, "folder-malformed"),
        ({"folder": "src/../../etc"}, "folder-malformed"),
        ({"folder": "/etc"}, "folder-malformed"),
        ({"folder": "src//x"}, "folder-malformed"),
        ({"folder": "src/"}, "folder-malformed"),
        ({"folder": "./src"}, "folder-malformed"),
        ({"folder": "src/%2e%2e"}, "folder-malformed"),
        ({"folder": "a%00b"}, "folder-malformed"),
        ({"folder": "a b"}, "folder-malformed"),
        ({"folder": "x/.git"}, "folder-malformed"),
        ({"folder": "a" * 256}, "folder-malformed"),
        ({"days": (3, 2)}, "grant-window"),
        ({"days": (-3, -2)}, "grant-window"),
        ({"days": (None, 0)}, "grant-window"),
    ],
)
def test_what_cannot_be_given(cast: Cast, vault: Product, more: dict[str, Any], code: str) -> None:
    now = timezone.now()
    start, end = more.pop("days", (None, None))
    more |= {"valid_from": now + timedelta(days=start) if start is not None else None}
    more |= {"valid_until": now + timedelta(days=end) if end is not None else None}
    with pytest.raises(EvidenceError) as refused:
        give(vault, cast.vendor, **more)
    assert refused.value.code == code
    assert not Grant.objects.exists()


def test_only_an_authority_reviews(cast: Cast, vault: Product) -> None:
    for holder in ({"organisation": org("rival")}, {"person": cast.stranger}, {"organisation": org("centre")}):
        with pytest.raises(EvidenceError, match="right-not-theirs"):
            give(vault, cast.vendor, rights=["review"], **holder)
    assert give(vault, cast.vendor, rights=["review"], person=cast.auditor).person == cast.auditor


def test_a_right_counts_for_its_holder_in_its_folder_and_in_its_time(cast: Cast, vault: Product) -> None:
    release = vault.releases.get()
    colleague = Person.objects.create_user("nils", organisation=org("north"))
    later = timezone.now() + timedelta(days=1)
    give(vault, cast.vendor, person=cast.auditor, folder="a%20b/c", release=release)
    give(vault, cast.vendor, organisation=org("south"), valid_from=later)
    for person, path, allowed in (
        (cast.auditor, "a%20b/c", True),
        (cast.auditor, "a%20b/c/d", True),
        (cast.auditor, "a%20b/cd", False),
        (cast.auditor, "a%20b", False),
        (cast.auditor, "", False),
        (colleague, "a%20b/c/d", False),
        (cast.other_auditor, "a%20b/c/d", False),
    ):
        assert may(person, Right.READ_SOURCE, release, path=path) == allowed, (person, path)
    assert not may(cast.other_auditor, Right.KNOW, vault)


def test_the_same_given_twice_is_one_and_given_again_after_its_end_is_new(cast: Cast, vault: Product) -> None:
    first = give(vault, cast.vendor)
    assert give(vault, cast.vendor) == first
    assert give(vault, None) == first
    end_grant(grant=first, by=cast.operator)
    ended_at = first.revoked_at
    end_grant(grant=first, by=cast.vendor)  # who ended it first stays
    assert (first.revoked_by, first.revoked_at) == (cast.operator, ended_at)
    assert not may(cast.auditor, Right.KNOW, vault)
    second = give(vault, cast.vendor)
    assert second != first
    assert may(cast.auditor, Right.READ_SOURCE, vault)
    for person in (cast.stranger, cast.auditor):
        with pytest.raises(NotAllowedError, match="grant-foreign"):
            end_grant(grant=second, by=person)
    assert may(cast.auditor, Right.READ_SOURCE, vault)


def test_given_twice_at_once_it_is_one_right(cast: Cast, vault: Product) -> None:
    start = threading.Barrier(2)

    def act() -> None:
        start.wait()
        try:
            give(vault, cast.vendor)
        finally:
            connection.close()

    both = [threading.Thread(target=act) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert Grant.objects.count() == 1


def test_the_command_gives_to_a_person_on_a_folder_for_a_time(cast: Cast, vault: Product) -> None:
    def run(*arguments: str) -> Any:
        out = StringIO()
        call_command("grant", "--product", "vault", "--json", *arguments, stdout=out)
        return json.loads(out.getvalue())

    assert run("--organisation", "north")["rights"] == ["review"]
    day = (timezone.now() + timedelta(days=30)).date()
    said = run(
        "--person", "anna", "--right", "read-source", "--folder", "src", "--from", "2026-01-01", "--until", str(day)
    )
    assert said["person"] == "anna"
    row = Grant.objects.get(person=cast.auditor)
    assert (row.folder, row.valid_from) == ("src", datetime(2026, 1, 1, tzinfo=UTC))
    assert row.valid_until == datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
    for wrong in (("--person", "anna", "--organisation", "north"), (), ("--organisation", "north", "--until", "soon")):
        with pytest.raises(CommandError):
            call_command("grant", "--product", "vault", *wrong)
    before = Grant.objects.count()
    for unusable in (("--person", "nobody"), ("--organisation", "north", "--right", "operate")):
        with pytest.raises((SystemExit, CommandError)):
            call_command("grant", "--product", "vault", *unusable)
    assert Grant.objects.count() == before


def test_the_sentence_says_all_of_it(cast: Cast, vault: Product) -> None:
    said: dict[str, Any] = {
        "product": vault,
        "person": None,
        "organisation": org("north"),
        "release": None,
        "folder": "",
    }
    none: dict[str, Any] = {"valid_from": None, "valid_until": None}
    assert grant_sentence(rights=["review", "read-source"], **said, **none) == (
        "Everybody of Northern Agency, now and later, may read and review the source of vault, of every release there is "
        "and will be, from now on, until somebody ends it."
    )
    said |= {"person": cast.auditor, "organisation": None, "release": vault.releases.get(), "folder": "src"}
    day = datetime(2026, 12, 24, tzinfo=UTC)
    assert grant_sentence(rights=["read-source", "download-source"], valid_from=day, valid_until=day, **said) == (
        "Anna may read and download the source of vault 9.9, only in the folder src/ and below, from 2026-12-24 on, "
        "until the end of 2026-12-24 (UTC)."
    )
