"""Who may agree on a review of what, and what stands in its record."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from reviews.models import Engagement
from reviews.queries import engagements_of
from reviews.rules.scope import Exclusion
from reviews.services.create_engagement import create_engagement
from tests.reviews.conftest import colleague, engage
from transparency.errors import EvidenceError
from transparency.models import Grant, Organisation, Release
from transparency.permissions import Right
from transparency.proofs.canonical import parse_canonical
from transparency.proofs.digest import Digest

if TYPE_CHECKING:
    from tests.cast import Cast


@pytest.fixture
def north(cast: Cast, open_release: Release) -> Organisation:
    """The auditor's authority, granted the right to review."""
    organisation = Organisation.objects.get(slug="north")
    Grant.objects.create(organisation=organisation, release=open_release, rights=[Right.REVIEW])
    return organisation


def create(cast: Cast, release: Release, authority: Organisation, **more: object) -> Engagement:
    call: dict[str, object] = {
        "created_by": cast.auditor,
        "authority": authority,
        "release": release,
        "auditors": [cast.auditor],
        "starts_at": timezone.now(),
    }
    return create_engagement(**(call | more))  # type: ignore[arg-type]


def refusal_of(code: str, cast: Cast, release: Release, authority: Organisation, **more: object) -> None:
    with pytest.raises(EvidenceError) as refusal:
        create(cast, release, authority, **more)
    assert refusal.value.code == code
    assert not Engagement.objects.exists()


def test_the_record_says_what_was_agreed(cast: Cast, open_release: Release, north: Organisation) -> None:
    engagement = create(
        cast,
        open_release,
        north,
        include=["src"],
        exclude=[Exclusion("src/vendor", "reviewed elsewhere")],
        depth="red",
        terms="Look, do not copy.",
    )
    record = parse_canonical(bytes(engagement.record), limit=10**6)
    assert isinstance(record, dict)
    assert (record["authority"], record["product"], record["release"]) == ("north", "widget", "1.0")
    assert (record["depth"], record["include"], record["auditors"]) == ("red", ["src"], ["anna"])
    assert record["exclude"] == [{"glob": "src/vendor", "reason": "reviewed elsewhere"}]
    assert Digest.of(bytes(engagement.record)).hex == engagement.digest
    assert create(cast, open_release, north).digest != create(cast, open_release, north).digest


def test_no_include_is_written_as_everything(cast: Cast, open_release: Release, north: Organisation) -> None:
    assert create(cast, open_release, north).include == ["**"]


def test_the_operator_may_set_it_up_and_gains_nothing(cast: Cast, open_release: Release, north: Organisation) -> None:
    engagement = create(cast, open_release, north, created_by=cast.operator)
    assert engagements_of(cast.auditor) == [engagement]
    assert engagements_of(cast.operator) == []
    refusal_of_operator = {"created_by": cast.operator, "auditors": [cast.operator]}
    engagement.delete()
    refusal_of("auditor-without-right", cast, open_release, north, **refusal_of_operator)


def test_nobody_else_creates_one(cast: Cast, open_release: Release, north: Organisation) -> None:
    for person in (cast.vendor, cast.other_auditor, cast.stranger):
        refusal_of("engagement-not-yours", cast, open_release, north, created_by=person)
    other = Organisation.objects.get(slug="south")
    refusal_of("engagement-not-yours", cast, open_release, other)


def test_the_whole_team_must_hold_the_right(cast: Cast, open_release: Release, north: Organisation) -> None:
    for person in (cast.other_auditor, cast.vendor, cast.operator):
        refusal_of("auditor-without-right", cast, open_release, north, auditors=[cast.auditor, person])
    former = colleague(cast.auditor, "nora")
    former.is_active = False
    former.save()
    refusal_of("auditor-without-right", cast, open_release, north, auditors=[former])


def test_without_a_grant_an_authority_reviews_nothing(cast: Cast, restricted_release: Release) -> None:
    north = Organisation.objects.get(slug="north")
    refusal_of("engagement-not-yours", cast, restricted_release, north)
    refusal_of("auditor-without-right", cast, restricted_release, north, created_by=cast.operator)


def test_a_vendor_is_no_authority(cast: Cast, open_release: Release, north: Organisation) -> None:
    vendor = Organisation.objects.get(slug="acme")
    refusal_of("engagement-malformed", cast, open_release, vendor, created_by=cast.operator, auditors=[cast.vendor])


def test_malformed_terms_are_refused(cast: Cast, open_release: Release, north: Organisation) -> None:
    now = timezone.now()
    refusal_of("engagement-malformed", cast, open_release, north, depth="green")
    refusal_of("engagement-malformed", cast, open_release, north, ends_at=now - timedelta(days=1), starts_at=now)
    refusal_of("engagement-malformed", cast, open_release, north, auditors=[])
    refusal_of("glob-malformed", cast, open_release, north, include=["../up"])
    refusal_of("text-too-long", cast, open_release, north, terms="x" * 100_001)


def test_a_withdrawn_right_takes_the_engagement_off_the_list(cast: Cast, restricted_release: Release) -> None:
    engage(cast.auditor, restricted_release)
    Grant.objects.all().delete()
    assert engagements_of(cast.auditor) == []
