"""Engagements of the cast's two authorities, with the grants that they need."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from reviews.services.create_engagement import create_engagement
from transparency.models import Grant, Person, Release
from transparency.permissions import Right

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from reviews.models import Engagement
    from tests.cast import Cast


def engage(person: Person, release: Release, **more: object) -> Engagement:
    """Grant the person's authority the right to review, and open an engagement for the person."""
    assert person.organisation is not None
    Grant.objects.get_or_create(organisation=person.organisation, release=release, defaults={"rights": [Right.REVIEW]})
    return create_engagement(
        created_by=person,
        authority=person.organisation,
        release=release,
        auditors=[person],
        starts_at=timezone.now() - timedelta(days=1),
        **more,  # type: ignore[arg-type]
    )


def colleague(person: Person, username: str) -> Person:
    """Another person of the same organisation."""
    return Person.objects.create_user(username, password="colleague-password-long", organisation=person.organisation)


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Settings) -> None:
    """Nobody signs in here; a slow hash for each of the cast would be most of the time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def engagement(cast: Cast, open_release: Release) -> Engagement:
    return engage(cast.auditor, open_release)


@pytest.fixture
def foreign_engagement(cast: Cast, open_release: Release) -> Engagement:
    return engage(cast.other_auditor, open_release)


@pytest.fixture
def restricted_engagement(cast: Cast, restricted_release: Release) -> Engagement:
    return engage(cast.auditor, restricted_release)
