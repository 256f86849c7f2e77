"""Browsers of the cast's people, and the engagements that they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from tests.reviews.conftest import engage

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import Settings

    from reviews.models import Engagement
    from tests.cast import Cast
    from transparency.models import Release

    Browse = Callable[[str | None], Client]


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Settings) -> None:
    """A slow hash for each of the cast would be most of the time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def browse(cast: Cast) -> Browse:
    """A browser of somebody of the cast by name, or of nobody. Errors are answered as they are to real browsers."""

    def open_browser(person: str | None = None) -> Client:
        client = Client(raise_request_exception=False)
        if person:
            assert client.login(username=person, password=f"{person}-password-long")
        return client

    return open_browser


@pytest.fixture
def engagement(cast: Cast, open_release: Release) -> Engagement:
    return engage(cast.auditor, open_release)


@pytest.fixture
def restricted_engagement(cast: Cast, restricted_release: Release) -> Engagement:
    return engage(cast.auditor, restricted_release)
