"""Inviting, withdrawing, accepting: once, for a week, by the operator alone; and closing accounts."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.utils import timezone

from transparency.errors import EvidenceError, NotAllowedError
from transparency.models import AccountChange, ApiToken, Invitation, Organisation, Person
from transparency.permissions import Right, may
from transparency.services.accept_invitation import accept_invitation
from transparency.services.close_account import close_account
from transparency.services.create_organisation import create_organisation
from transparency.services.ensure_release import ensure_release
from transparency.services.invite_person import VALID_FOR, invite_person
from transparency.services.issue_token import issue_token
from transparency.services.rename_organisation import rename_organisation
from transparency.services.reopen_account import reopen_account
from transparency.services.withdraw_invitation import withdraw_invitation

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "four plain words together"


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def accept(secret: str, username: str = "nina", **more: str) -> Person:
    said = {"full_name": "Nina Neu", "password": PASSWORD} | more
    return accept_invitation(secret=secret, username=username, **said)


def north(cast: Cast) -> Organisation:
    assert cast.auditor.organisation is not None
    return cast.auditor.organisation


def test_only_the_operator_enters_renames_invites_and_withdraws(cast: Cast) -> None:
    invitation, _ = invite_person(organisation=north(cast), name="Nina", by=cast.operator)
    closed = Person.objects.create_user("otto", organisation=cast.operator.organisation, is_active=False)
    for person in (cast.vendor, cast.auditor, cast.stranger, closed):
        with pytest.raises(NotAllowedError):
            create_organisation(slug="new", name="New", kind="vendor", by=person)
        with pytest.raises(NotAllowedError):
            rename_organisation(organisation=north(cast), name="Mine", by=person)
        with pytest.raises(NotAllowedError):
            invite_person(organisation=north(cast), name="A friend", by=person)
        with pytest.raises(NotAllowedError):
            withdraw_invitation(invitation=invitation, by=person)
        with pytest.raises(NotAllowedError):
            close_account(person=cast.other_auditor, reason="x", by=person)
        with pytest.raises(NotAllowedError):
            reopen_account(person=cast.other_auditor, reason="x", by=person)
    assert Invitation.objects.get().withdrawn_at is None
    assert not Organisation.objects.filter(slug="new").exists()


def test_an_organisation_keeps_its_slug_and_kind(cast: Cast) -> None:
    made = create_organisation(slug="lab-1", name=" Lab One ", kind="authority", by=cast.operator)
    assert (made.slug, made.name, made.kind) == ("lab-1", "Lab One", "authority")
    rename_organisation(organisation=made, name="Laboratory 1", by=cast.operator)
    made.refresh_from_db()
    assert (made.slug, made.name, made.kind) == ("lab-1", "Laboratory 1", "authority")
    for slug, kind, code in (
        ("lab-1", "vendor", "slug-taken"),
        ("Lab", "vendor", "name-malformed"),
        ("a/../b", "vendor", "name-malformed"),
        ("other", "ruler", "name-malformed"),
    ):
        with pytest.raises(EvidenceError) as refused:
            create_organisation(slug=slug, name="x", kind=kind, by=cast.operator)
        assert refused.value.code == code, slug
    with pytest.raises(EvidenceError, match="name-malformed"):
        rename_organisation(organisation=made, name="  ", by=cast.operator)


def test_of_a_secret_only_the_digest_is_kept_and_it_is_good_once(cast: Cast) -> None:
    invitation, secret = invite_person(organisation=north(cast), name="Nina", by=cast.operator)
    assert len(secret) >= 43
    assert secret not in str(list(Invitation.objects.values()))
    assert timedelta(days=6, hours=23) < invitation.valid_until - timezone.now() <= VALID_FOR
    person = accept(secret, email="nina@north.test")
    invitation.refresh_from_db()
    assert (person.organisation, person.display_name, person.email) == (north(cast), "Nina Neu", "nina@north.test")
    assert person.check_password(PASSWORD)
    assert not person.is_staff
    assert not person.is_superuser
    assert invitation.accepted_by == person
    with pytest.raises(EvidenceError, match="invitation-unknown"):
        accept(secret, "nina2")
    with pytest.raises(EvidenceError, match="invitation-used"):
        withdraw_invitation(invitation=invitation, by=cast.operator)
    assert not Person.objects.filter(username="nina2").exists()


def test_wrong_expired_and_withdrawn_links_open_nothing(cast: Cast) -> None:
    withdrawn, first = invite_person(organisation=north(cast), name="a", by=cast.operator)
    withdraw_invitation(invitation=withdrawn, by=cast.operator)
    withdraw_invitation(invitation=withdrawn, by=cast.operator)
    expired, second = invite_person(organisation=north(cast), name="b", by=cast.operator)
    Invitation.objects.filter(pk=expired.pk).update(valid_until=timezone.now() - timedelta(seconds=1))
    for secret in (first, second, "", "x" * 43, first.swapcase(), withdrawn.digest, "\udcff"):
        with pytest.raises(EvidenceError, match="invitation-unknown"):
            accept(secret)
    assert not Person.objects.filter(username="nina").exists()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"username": "anna"}, "username-taken"),
        ({"username": "Nina"}, "username-malformed"),
        ({"username": "n"}, "username-malformed"),
        ({"username": "nïna"}, "username-malformed"),
        ({"username": "../x"}, "username-malformed"),
        ({"username": "nina\n"}, "username-malformed"),
        ({"full_name": "  "}, "name-malformed"),
        ({"full_name": "x" * 151}, "name-malformed"),
        ({"password": "short"}, "password-refused"),
        ({"password": "1234567890123"}, "password-refused"),
        ({"email": "not one"}, "email-malformed"),
    ],
)
def test_what_cannot_be_a_person_leaves_the_link_good(cast: Cast, more: dict[str, str], code: str) -> None:
    _, secret = invite_person(organisation=north(cast), name="Nina", by=cast.operator)
    before = Person.objects.count()
    with pytest.raises(EvidenceError) as refused:
        accept(secret, **more)
    assert refused.value.code == code
    assert Person.objects.count() == before
    assert accept(secret).organisation == north(cast)


def test_of_two_who_accept_at_once_one_comes_in(cast: Cast) -> None:
    _, secret = invite_person(organisation=north(cast), name="Nina", by=cast.operator)
    start, came, refused = threading.Barrier(2), [], []

    def come(username: str) -> None:
        start.wait()
        try:
            came.append(accept(secret, username))
        except EvidenceError as error:
            refused.append(error.code)
        finally:
            connection.close()

    both = [threading.Thread(target=come, args=(name,)) for name in ("nina", "nils")]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert len(came) == 1
    assert refused == ["invitation-unknown"]
    assert Person.objects.filter(username__in=("nina", "nils")).count() == 1


def test_a_closed_account_leaves_no_door_open_and_opening_it_opens_none(cast: Cast) -> None:
    other = Person.objects.create_user("otto", organisation=cast.operator.organisation)
    product = ensure_release(vendor="acme", product="widget", version="1.0", restricted=True).product
    token, _ = issue_token(product=product, owner=other, name="ci", days=7)
    invitation, secret = invite_person(organisation=north(cast), name="A friend", by=other)
    close_account(person=other, reason=" stolen ", by=cast.operator)
    other.refresh_from_db()
    assert not may(other, Right.OPERATE, None)
    assert not may(other, Right.KNOW, product)
    with pytest.raises(EvidenceError, match="invitation-unknown"):
        accept(secret)
    close_account(person=other, reason="again", by=cast.operator)
    reopen_account(person=other, reason="it was found", by=cast.operator)
    other.refresh_from_db()
    assert may(other, Right.OPERATE, None)
    assert ApiToken.objects.get(pk=token.pk).revoked_at
    assert Invitation.objects.get(pk=invitation.pk).withdrawn_at
    assert list(AccountChange.objects.values_list("active", "reason")) == [(True, "it was found"), (False, "stolen")]


def test_nobody_closes_their_own_account_and_never_the_last_operators(cast: Cast) -> None:
    with pytest.raises(EvidenceError, match="last-operator"):
        close_account(person=cast.operator, reason="tired", by=cast.operator)
    Person.objects.create_user("otto", organisation=cast.operator.organisation)
    with pytest.raises(EvidenceError, match="own-account"):
        close_account(person=cast.operator, reason="tired", by=cast.operator)
    for reason in ("", "  ", "x" * 2001):
        with pytest.raises(EvidenceError, match="reason-missing"):
            close_account(person=cast.vendor, reason=reason, by=cast.operator)
    assert not Person.objects.filter(is_active=False).exists()


def test_two_operators_who_close_each_other_at_once_do_not_both_go(cast: Cast) -> None:
    otto = Person.objects.create_user("otto", organisation=cast.operator.organisation)
    start = threading.Barrier(2)

    def close(person: Person, by: Person) -> None:
        start.wait()
        try:
            close_account(person=person, reason="a quarrel", by=by)
        except EvidenceError:
            pass
        finally:
            connection.close()

    both = [threading.Thread(target=close, args=pair) for pair in ((otto, cast.operator), (cast.operator, otto))]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert Person.objects.filter(organisation=cast.operator.organisation, is_active=True).count() == 1
