"""Agreeing an engagement, and what its page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviews.models import Engagement
from reviews.services.mark_region import mark_region
from tests.reviews.conftest import colleague
from transparency.models import Grant
from transparency.permissions import Right

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    from tests.cast import Cast
    from tests.web.conftest import Browse
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def granted(cast: Cast, open_release: Release) -> Release:
    Grant.objects.create(organisation=cast.auditor.organisation, release=open_release, rights=[Right.REVIEW])
    return open_release


def agree(browse: Browse, cast: Cast, about: Release, **more: object) -> Answer:
    data = {"release": about.pk, "depth": "red", "auditors": [cast.auditor.pk], **more}
    return browse("anna").post("/engagements/new/", data)


def test_what_was_agreed_is_shown_with_its_digest(browse: Browse, cast: Cast, granted: Release) -> None:
    said = {"include": "src/**\n", "exclude": "src/util.h: generated", "terms": "Read <well>.", "ends": "2099-01-31"}
    answer = agree(browse, cast, granted, **said)
    row = Engagement.objects.get()
    assert answer.headers["Location"] == f"/engagements/{row.pk}/"
    page = browse("anna").get(f"/engagements/{row.pk}/").content.decode()
    for text in (row.digest, "src/**", "src/util.h", "generated", "Read &lt;well&gt;.", "2099-01-31 23:59 UTC", "Anna"):
        assert text in page, text
    assert "0 of 5 lines" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"release": ""}, "This field is required"),
        ({"release": 999}, "Select a valid choice"),
        ({"auditors": []}, "This field is required"),
        ({"depth": "green"}, "Select a valid choice"),
        ({"include": "../x"}, "glob-malformed"),
        ({"exclude": "tests/**"}, "Expected a glob, a colon and the reason"),
        ({"ends": "2001-01-01"}, "Expected a day that is not over"),
        ({"ends": "soon"}, "Enter a valid date"),
    ],
)
def test_wrong_agreements_are_pointed_at(
    browse: Browse, cast: Cast, granted: Release, wrong: dict[str, object], said: str
) -> None:
    answer = agree(browse, cast, granted, **{"terms": "kept words", **wrong})
    page = answer.content.decode()
    assert (answer.status_code, Engagement.objects.count()) == (422, 0)
    assert said in page
    assert "There is something to correct" in page
    assert "kept words" in page


def test_only_releases_that_may_be_reviewed_are_offered(
    browse: Browse, cast: Cast, granted: Release, restricted_release: Release
) -> None:
    page = browse("anna").get("/engagements/new/").content.decode()
    assert "widget" in page
    assert "vault" not in page
    assert agree(browse, cast, restricted_release).status_code == 422


def test_without_any_right_the_page_says_who_gives_it(browse: Browse, open_release: Release) -> None:
    page = browse("anna").get("/engagements/new/").content.decode()
    assert "manage.py grant" in page
    assert '<select name="release"' not in page


def test_people_of_another_authority_are_no_choice(browse: Browse, cast: Cast, granted: Release) -> None:
    cora = colleague(cast.auditor, "cora")
    page = browse("anna").get("/engagements/new/").content.decode()
    assert f'value="{cora.pk}"' in page
    assert "Bela" not in page
    assert agree(browse, cast, granted, auditors=[cast.other_auditor.pk]).status_code == 422


def test_the_share_read_is_the_authoritys_and_ones_own(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    mark_region(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=4, level="read")
    page = browse("anna").get(f"/engagements/{engagement.pk}/").content.decode()
    assert "4 of 8 lines of text in scope are marked as read by your authority's people; 4 of them by you." in page
    assert "4 of 6 lines" in page  # the folder src
    assert "1 file, 9 bytes: counted beside the lines" in page


def test_an_engagement_that_is_over_offers_no_statement(browse: Browse, engagement: Engagement) -> None:
    Engagement.objects.update(ends_at=engagement.starts_at)
    page = browse("anna").get(f"/engagements/{engagement.pk}/").content.decode()
    assert "This engagement is over" in page
    assert "State what you read" not in page
    assert ">over<" in browse("anna").get("/engagements/").content.decode()
