"""Before what cannot be taken back the person is asked again: on the page of the form, when it is sent, and in no weaker way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from reviews.models import Attestation
from reviews.services.freeze_statement import freeze_statement
from tests.reviews.services.signing import PemKey, sign_statement
from tests.web.test_sign_in import enrolled, is_in, local, options_of, sign_in
from transparency.models import ApiToken, TrustAnchor
from transparency.web.kept_form import page_of

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

    from reviews.models import Engagement
    from tests.cast import Cast
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = "/products/widget/-/keys/"


def grow_old(client: Client, seconds: float = 301) -> None:
    """As if the sign-in, and whatever proved the person since, lay so far back."""
    session = client.session
    session["signed_in_at"] -= seconds
    for record in session.get("account_authentication_methods", []):
        record["at"] -= seconds
    session.save()


def old(person: str) -> Client:
    client = local()
    assert sign_in(client, person).status_code == 302
    grow_old(client)
    return client


def test_what_changes_whose_word_counts_asks_again(cast: Cast, open_release: Release, engagement: Engagement) -> None:
    anchor = open_release.product.anchors.get()
    own = cast.auditor.anchors.get()
    statement = freeze_statement(
        person=cast.auditor, engagement=engagement, anchor=own, conclusion="abstain", open_findings=0
    )
    forms = [
        ("vera", reverse("anchor-rotate", args=["widget", anchor.pk])),
        ("vera", reverse("anchor-revoke", args=["widget", anchor.pk])),
        ("anna", f"/keys/{own.pk}/replace/"),
        ("anna", f"/keys/{own.pk}/revoke/"),
        ("olga", f"/vendors/acme/keys/{anchor.pk}/revoke/"),
        ("anna", "/account/passkeys/add/"),
    ]
    to_send = [
        ("vera", KEYS),
        ("vera", reverse("tokens", args=["widget"])),
        ("anna", "/keys/"),
        ("anna", reverse("statement", args=[statement.pk])),
    ]
    browsers = {person: old(person) for person in ("vera", "anna", "olga")}
    for person, place in forms:
        answer = browsers[person].get(place)
        assert answer.headers["Location"] == f"/account/confirm/?next={place.replace('/', '%2F')}", place
    for person, place in to_send:
        assert browsers[person].get(place).status_code == 200, place
    for person, place in forms + to_send:
        answer = browsers[person].post(place, {"public": PemKey().public, "name": "ci", "days": "7"})
        assert answer.headers["Location"].startswith("/account/confirm/?next="), place
        assert local().post(place).headers["Location"].startswith("/sign-in/?next="), place
    assert TrustAnchor.objects.filter(revoked_at__isnull=False).count() == 0
    assert (ApiToken.objects.count(), Attestation.objects.count()) == (0, 0)


def test_what_was_typed_goes_on_after_the_password(cast: Cast, open_release: Release) -> None:
    vera, key = old("vera"), PemKey()
    place = vera.post(KEYS, {"public": key.public, "namespaces": "file"}).headers["Location"]
    assert "Confirm that it is you" in vera.get(place).content.decode()
    wrong = vera.post(place, {"password": "wrong"})
    assert "That is not your password." in wrong.content.decode()
    assert open_release.product.anchors.count() == 1
    answer = vera.post("/account/confirm/", {"password": "vera-password-long", "next": KEYS})
    assert answer.headers["Location"] == KEYS
    assert open_release.product.anchors.count() == 2
    assert (
        vera.get(reverse("anchor-revoke", args=["widget", open_release.product.anchors.earliest("pk").pk])).status_code
        == 200
    )


def test_files_are_asked_for_again_and_that_is_said(cast: Cast, open_release: Release) -> None:
    vera = old("vera")
    place = vera.post(KEYS, {"file": SimpleUploadedFile("k.pub", PemKey().public.encode())}).headers["Location"]
    assert "nothing was done. Fill in the form again" in vera.get(place).content.decode()
    vera.post("/account/confirm/", {"password": "vera-password-long", "next": KEYS})
    assert open_release.product.anchors.count() == 1
    assert vera.post(KEYS, {"public": PemKey().public, "namespaces": "file"}).headers["Location"] == KEYS
    assert open_release.product.anchors.count() == 2


def test_what_was_sent_and_never_confirmed_is_not_done_later(cast: Cast, open_release: Release) -> None:
    vera = old("vera")
    anchor = open_release.product.anchors.get()
    place = reverse("anchor-revoke", args=["widget", anchor.pk])
    vera.post(place, {"revocation": "compromised", "reason": "somebody else at this desk", "certain": "on"})
    confirm = vera.get(place).headers["Location"]  # its owner comes back and only looks
    answer = vera.post(confirm, {"password": "vera-password-long", "next": place})
    assert answer.headers["Location"] == place
    assert not open_release.product.anchors.filter(revoked_at__isnull=False).exists()
    grow_old(vera)
    vera.post(KEYS, {"public": PemKey().public, "namespaces": "file"})
    vera.post(KEYS, {"file": SimpleUploadedFile("k.pub", PemKey().public.encode())})  # another key, which is not kept
    vera.post("/account/confirm/", {"password": "vera-password-long", "next": KEYS})
    assert open_release.product.anchors.count() == 1


def test_an_attestation_is_taken_after_the_proof(cast: Cast, engagement: Engagement) -> None:
    anna = old("anna")
    row = freeze_statement(
        person=cast.auditor,
        engagement=engagement,
        anchor=cast.auditor.anchors.get(),
        conclusion="abstain",
        open_findings=0,
    )
    place = reverse("statement", args=[row.pk])
    envelope = sign_statement(row, cast.auditor_key)

    def file() -> SimpleUploadedFile:
        return SimpleUploadedFile("envelope.json", envelope)

    asked = anna.post(place, {"envelope": file()})
    assert asked.headers["Location"].startswith("/account/confirm/")
    assert Attestation.objects.count() == 0
    assert (
        anna.post("/account/confirm/", {"password": "anna-password-long", "next": place}).headers["Location"] == place
    )
    assert anna.post(place, {"envelope": file()}).headers["Location"] == place
    assert Attestation.objects.count() == 1


def test_with_a_passkey_the_password_confirms_nothing(cast: Cast) -> None:
    anna, key = enrolled()
    grow_old(anna)
    place = "/account/passkeys/add/"
    assert anna.get(place).headers["Location"].startswith("/account/confirm/passkey/?next=")
    answer = anna.post("/account/confirm/", {"password": "anna-password-long", "next": place})
    assert answer.headers["Location"].startswith("/account/confirm/passkey/")
    assert anna.get(place).status_code == 302
    page = anna.get("/account/confirm/passkey/", {"next": place})
    assert "Use a recovery code" in page.content.decode()
    key.verified = 0  # somebody who found the device, without its lock
    anna.post("/account/confirm/passkey/", {"credential": key.get(options_of(page)), "next": place})
    assert anna.get(place).status_code == 302
    key.verified = 4
    options = options_of(anna.get("/account/confirm/passkey/", {"next": place}))
    answer = anna.post("/account/confirm/passkey/", {"credential": key.get(options), "next": place})
    assert answer.headers["Location"] == place
    assert anna.get(place).status_code == 200
    assert is_in(anna)


def test_a_session_that_nobody_stamped_counts_for_nothing(cast: Cast, settings: Settings) -> None:
    client = local()
    sign_in(client, "anna")
    session = client.session
    del session["signed_in_at"]
    session.save()
    assert not is_in(client)
    client = local()
    sign_in(client, "anna")
    session = client.session
    session["signed_in_at"] = time.time() + 3600  # a clock that was set back since
    session.save()
    assert not is_in(client)


def test_the_page_says_what_goes_on_and_what_waited_for_too_long_does_not(cast: Cast, open_release: Release) -> None:
    vera = old("vera")
    place = vera.post(KEYS, {"public": PemKey().public, "namespaces": "file"}).headers["Location"]
    assert f'The form that you sent from <a href="{KEYS}">' in vera.get(place).content.decode()
    session = vera.session
    session["form_kept_at"] -= 601
    session.save()
    assert vera.post("/account/confirm/", {"password": "vera-password-long", "next": KEYS}).headers["Location"] == KEYS
    assert open_release.product.anchors.count() == 1
    grow_old(vera)
    assert "The form that you sent" not in vera.get(place).content.decode()


def test_a_lost_form_leads_to_its_page_and_never_to_an_address_for_forms_alone(cast: Cast) -> None:
    olga, invite = old("olga"), "/organisations/north/invitations/"
    olga.post(invite, {"name": "Nina"})
    session = olga.session
    session["form_kept_at"] -= 601
    session.save()
    answer = olga.post("/account/confirm/", {"password": "olga-password-long", "next": invite})
    assert answer.headers["Location"] == "/organisations/north/"
    assert olga.get(answer.headers["Location"]).status_code == 200
    grow_old(olga)
    answer = olga.post(invite, {"name": "N" * 70_000})  # too long to be kept
    assert answer.headers["Location"] == "/account/confirm/?next=/organisations/north/"
    for name, page in (("job-deliver", "job"), ("job", "job")):
        number = {"identity": UUID(int=7)}
        assert page_of(reverse(name, kwargs=number)) == reverse(page, kwargs=number)
    assert page_of("/nowhere/at/all/") == "/nowhere/at/all/"
