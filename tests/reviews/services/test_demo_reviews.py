"""The demonstration's engagements: made once, for its own people and releases alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviews.models import Engagement
from reviews.queries import engagements_of
from reviews.services.demo_reviews import demo_reviews
from transparency.models import Grant, Person
from transparency.permissions import Right, may
from transparency.registries import demonstration

if TYPE_CHECKING:
    from tests.cast import Cast
    from transparency.models import Release


def test_the_demonstrations_auditors_find_their_engagements(
    cast: Cast, open_release: Release, restricted_release: Release
) -> None:
    Person.objects.update(demo=True)
    said: list[str] = []
    demo_reviews(said.append)
    demo_reviews(said.append)
    assert len(said) == Engagement.objects.count() == 3
    assert {row.release for row in engagements_of(cast.auditor)} == {open_release, restricted_release}
    assert {row.release for row in engagements_of(cast.other_auditor)} == {open_release}
    assert not may(cast.other_auditor, Right.KNOW, restricted_release)


def test_real_people_and_products_are_left_alone(cast: Cast, open_release: Release) -> None:
    demo_reviews(print)
    assert not Grant.objects.exists()
    Person.objects.exclude(organisation__slug="acme").update(demo=True)
    demo_reviews(print)
    assert not Grant.objects.exists()


def test_it_comes_after_the_people_and_products() -> None:
    assert demonstration[-1] is demo_reviews
    assert len(demonstration) > 1
