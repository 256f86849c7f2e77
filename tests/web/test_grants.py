"""The pages of rights: who reaches them, the sentence before anything is given, and that an end is an end at once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from tests.web.posts import check_refusals
from transparency.models import Grant, Organisation, Product
from transparency.services.ensure_release import ensure_release

if TYPE_CHECKING:
    from tests.cast import Cast
    from tests.web.conftest import Browse
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)
PLACE = "/products/vault/-/grants/"
GIVE = f"{PLACE}give/"


def said(**more: object) -> dict[str, object]:
    north = Organisation.objects.get(slug="north").pk
    return {"organisation": north, "rights": ["read-source"], "person": "", "folder": "", "release": ""} | more


def state() -> object:
    return list(Grant.objects.values_list("pk", "revoked_at"))


def test_nothing_is_given_before_its_sentence_was_read_and_an_end_is_one_at_once(
    browse: Browse, restricted_release: Release
) -> None:
    vendor, auditor = browse("vera"), browse("anna")
    place = "/products/vault/9.9/file/hidden/engine-core.c"
    assert "nobody but the vendor reads it" in vendor.get(PLACE).content.decode()
    asked = said(
        folder="hidden/", release=restricted_release.pk, last_day=str(timezone.now().date() + timedelta(days=5))
    )
    page = vendor.post(GIVE, asked).content.decode()
    assert "Is this what you mean?" in page
    assert (
        "Everybody of Northern Agency, now and later, may read the source of vault 9.9, only in the folder hidden/"
        in page
    )
    assert "In 9.9 that is 1 of 2 files." in page
    assert not Grant.objects.exists()
    assert "Read what this allows" in vendor.post(GIVE, asked | {"step": "change"}).content.decode()
    assert auditor.get(place).status_code == 404
    assert vendor.post(GIVE, asked | {"step": "give"}).headers["Location"] == PLACE
    assert auditor.get(place).status_code == 200
    assert auditor.get("/products/vault/9.9/file/secret-plan.txt").status_code == 404
    row = Grant.objects.get()
    assert (row.folder, row.granted_by) == ("hidden", restricted_release.deliveries.get().sender)
    end = f"{PLACE}{row.pk}/end/"
    assert "End it now" in vendor.get(end).content.decode()
    assert auditor.get(place).status_code == 200  # looking ends nothing
    # The operator ends it, mid-session, and sees no source either way.
    assert browse("olga").post(end).headers["Location"] == PLACE
    assert auditor.get(place).status_code == 404
    page = vendor.get(PLACE).content.decode()
    assert "<h2>Ended</h2>" in page
    assert "by <bdi>Olga</bdi>" in page
    assert "It was ended" in vendor.get(end).content.decode()


def test_a_right_to_one_person_is_that_persons_and_what_does_not_exist_is_said(
    browse: Browse, restricted_release: Release
) -> None:
    vendor = browse("vera")
    for wrong, text in (
        ({"person": "bela"}, "Nobody of this organisation has this sign-in name."),
        ({"person": "<b>"}, "Nobody of this organisation has this sign-in name."),
        ({"folder": "../x"}, "This is not a folder as trees here can have them."),
        ({"folder": "a\x00b"}, "Null characters are not allowed"),
        ({"rights": ["operate"]}, "Select a valid choice"),
        ({"rights": []}, "Choose at least one."),
        ({"rights": ["review"], "folder": "hidden"}, "Only reading and downloading can be limited to a folder."),
        ({"first_day": "2030-02-01", "last_day": "2030-01-01"}, "The last day lies before the first."),
        ({"last_day": "2020-01-01"}, "or in the past"),
        ({"release": "9999"}, "Select a valid choice"),
        ({"organisation": Organisation.objects.get(slug="acme").pk}, "Select a valid choice"),
        ({"organisation": Organisation.objects.get(slug="rival").pk}, "Select a valid choice"),
    ):
        for step in ("read", "give"):
            answer = vendor.post(GIVE, said(**wrong) | {"step": step})
            assert answer.status_code == 422, wrong
            assert text in answer.content.decode(), wrong
    assert not Grant.objects.exists()
    page = vendor.post(GIVE, said(person="anna", folder="näme <i>")).content.decode()
    assert "has no folder or file of this name" in page
    assert "n%C3%A4me%20%3Ci%3E/" in page
    assert vendor.post(GIVE, said(person="anna", step="give")).status_code == 302
    assert list(Grant.objects.values_list("person__username", flat=True)) == ["anna"]


def test_a_vendor_is_not_told_of_vendors_that_are_hidden(browse: Browse, cast: Cast) -> None:
    ensure_release(vendor="acme", product="vault", version="9.9", restricted=True)
    hidden = ensure_release(vendor="rival", product="secret", version="1", restricted=True).product
    page = browse("vera").get(GIVE).content.decode()
    assert "Northern Agency" in page
    assert "Rival" not in page
    hidden.visibility = "open"
    hidden.save()
    assert "Rival" in browse("vera").get(GIVE).content.decode()


def test_who_reaches_the_rights_of_a_product(browse: Browse, cast: Cast) -> None:
    ensure_release(vendor="acme", product="vault", version="9.9", restricted=True)
    ensure_release(vendor="acme", product="widget", version="1.0", restricted=False)
    for person, vault, widget in (("stan", 404, 403), ("anna", 404, 403), ("olga", 403, 200), ("vera", 200, 200)):
        assert browse(person).get(GIVE).status_code == vault, person
        assert browse(person).get("/products/widget/-/grants/give/").status_code == widget, person
    page = browse("olga").get(PLACE).content.decode()
    assert "Its vendor alone gives rights on a restricted product." in page
    assert "Know of it:" not in browse("olga").get("/products/widget/-/grants/give/").content.decode()
    for person in ("vera", "olga"):
        assert f'href="{PLACE}"' in browse(person).get("/products/vault/").content.decode()
    # Whoever may deliver it by a grant neither sees nor gives rights on it.
    given = Product.objects.get(slug="vault")
    Grant.objects.create(person=cast.stranger, product=given, rights=["deliver"])
    assert browse("stan").get(PLACE).status_code == 403
    assert browse("stan").post(GIVE, said(step="give")).status_code == 403
    assert f'href="{PLACE}"' not in browse("stan").get("/products/vault/").content.decode()


def test_the_six_checks_of_giving_and_of_ending(browse: Browse, cast: Cast) -> None:
    product = ensure_release(vendor="acme", product="vault", version="9.9", restricted=True).product
    other = ensure_release(vendor="rival", product="other", version="1", restricted=True).product
    row = Grant.objects.create(organisation=cast.auditor.organisation, product=product, rights=["read-source"])
    foreign = Grant.objects.create(organisation=cast.auditor.organisation, product=other, rights=["read-source"])
    missing = "/products/nothing/-/grants/give/"
    for place, data, absent, forbidden in (
        (GIVE, said(step="give", rights=["download-source"]), missing, ("olga", "anna")),
        (f"{PLACE}{row.pk}/end/", {}, f"{PLACE}{foreign.pk}/end/", ("anna",)),
    ):
        check_refusals(
            browse,
            place,
            data,
            allowed="vera",
            strangers=("bela", "stan"),
            forbidden=forbidden,
            unchanged=state,
            missing=absent,
            has_page=True,
        )
