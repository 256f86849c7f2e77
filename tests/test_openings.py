"""The openings of a release say exactly what `may` says: for everybody of the cast, every right, and every folder."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from tests.reviews.conftest import colleague
from transparency.models import Grant, Organisation, Person, Release
from transparency.openings import Through, openings_of
from transparency.permissions import Right, may

if TYPE_CHECKING:
    from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
PATHS = ("", "a", "a/b", "a/b/c.txt", "ab", "z", "hidden/engine-core.c")


def given(release: Release, folder: str = "", *, wide: bool = False, **more: object) -> None:
    target = {"product": release.product} if wide else {"release": release}
    Grant.objects.create(folder=folder, **target, **{"rights": [Right.READ_SOURCE], **more})


def test_openings_equal_may_for_every_person_right_and_folder(cast: Cast) -> None:
    vendor, now = Organisation.objects.get(slug="acme"), timezone.now()
    north, south = cast.auditor.organisation, cast.other_auditor.organisation
    day = timedelta(days=1)
    nobody = Person.objects.create_user("nina")  # who works nowhere
    gone = colleague(cast.auditor, "gus")
    gone.is_active = False
    gone.save()
    releases = []
    for slug, visibility in (("deep", "restricted"), ("wide", "open")):
        product = vendor.products.create(slug=slug, name=slug, visibility=visibility)
        releases += [Release.objects.create(product=product, version=version) for version in ("1", "2")]
    for release in releases[::2]:
        given(release, organisation=north, rights=[Right.REVIEW])
        given(release, "a", organisation=south, rights=[Right.DOWNLOAD_SOURCE], valid_until=now + day)
        given(release, "a/b", person=cast.stranger, wide=True)
        given(release, "z", person=nobody, rights=[Right.DELIVER])
        given(release, person=gone)
        given(release, person=cast.operator, folder="ab")
        given(release, organisation=south, valid_until=now - day)
        given(release, organisation=south, valid_from=now + day)
        given(release, organisation=south, revoked_at=now)
        given(release, person=cast.stranger, rights=[Right.KNOW])
    people = list(Person.objects.all())
    compared = said = 0
    for release in releases:
        openings = openings_of(release)
        for person in people:
            own = [each for each in openings if each.is_for(person)]
            for right in Right:
                for path in PATHS:
                    by_may = may(person, right, release, path=path)
                    if not person.is_active and right is Right.KNOW and not release.product.is_restricted:
                        continue  # the public pages of an open product are everybody's, signed in or not
                    assert any(each.gives(right, path) for each in own) == by_may, (person, right, path, release)
                    compared, said = compared + 1, said + by_may
    assert compared > 1000
    assert 100 < said < compared
    live = [each for each in openings_of(releases[0]) if each.through is Through.GRANT]
    assert len(live) == 6  # neither ended, nor coming, nor revoked, nor of somebody who is gone
