"""Who may read a release, for its vendor and the operator: by folder, from the grants as they are now, and nothing of what was read."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from reviews.models import Engagement
from reviews.services.mark_region import mark_region
from reviews.services.write_note import write_note
from tests.cast import deliver
from tests.reviews.conftest import engage
from transparency.models import Grant
from transparency.permissions import Right

if TYPE_CHECKING:
    from tests.cast import Cast
    from tests.web.conftest import Browse
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)
PLACE = "/products/deep/1.0/exposure/"


@pytest.fixture
def deep(cast: Cast) -> Release:
    files = {"a/b/c.txt": b"deep\n", "a/other.txt": b"other\nlines\n", "z.txt": b"top\n"}
    return deliver(cast, product="deep", files=files, restricted=True)


def test_readers_are_listed_by_folder_with_end_and_giver(browse: Browse, cast: Cast, deep: Release) -> None:
    until = timezone.now() + timedelta(days=2)
    grants: list[dict[str, Any]] = [
        {"organisation": cast.auditor.organisation, "rights": [Right.REVIEW], "granted_by": cast.operator},
        {"person": cast.stranger, "rights": [Right.DOWNLOAD_SOURCE], "folder": "a/b", "valid_until": until},
        {"organisation": cast.other_auditor.organisation, "rights": [Right.READ_SOURCE], "revoked_at": timezone.now()},
        {"person": cast.stranger, "rights": [Right.READ_SOURCE], "folder": "no/where"},
        {"person": cast.stranger, "rights": [Right.DELIVER]},
    ]
    for each in grants:
        Grant.objects.create(release=deep, **each)
    page = browse("vera").get(PLACE).content.decode()
    whole, folder, nowhere = page.split("<h2 id=")[1:4]
    assert "Northern Agency" in whole
    assert "read, review" in whole
    assert "Olga" in whole
    assert "Acme" in whole
    assert "3 files, 4 lines." in whole
    assert "Stan, <bdi>Rival" in folder.replace("</bdi>", "")
    assert "read, download" in folder
    assert f"{until:%Y-%m-%d}" in folder
    assert "1 file, 1 line. Whoever is listed for <bdi>the whole source</bdi> reads it too." in folder
    assert "No such folder in this release" in nowhere
    assert "Southern Agency" not in page
    page = browse("olga").get(PLACE).content.decode()  # who reads nothing of it is told no sizes
    assert "3 files" not in page
    assert "Northern Agency" in page


def test_reading_detail_never_appears(browse: Browse, cast: Cast, deep: Release) -> None:
    row = engage(cast.auditor, deep, include=["a"], terms="")
    mark_region(person=cast.auditor, engagement=row, path="a/other.txt", start=1, end=2)
    write_note(person=cast.auditor, engagement=row, path="a/other.txt", start=1, end=2, text="a secret thought")
    for person in ("vera", "olga"):
        page = browse(person).get(PLACE).content.decode()
        assert "1 auditor" in page
        for hidden in ("a secret thought", "a/other.txt", "Anna", "2 of 2", "<code>a</code>"):
            assert hidden not in page, (person, hidden)
        assert "belongs to the auditors' authority" in page
    Engagement.objects.update(ends_at=row.starts_at)
    assert "1 auditor" not in browse("vera").get(PLACE).content.decode()


def test_only_the_vendor_and_the_operator_see_it(
    browse: Browse, cast: Cast, deep: Release, open_release: Release
) -> None:
    assert browse(None).get(PLACE).status_code == 302
    for person in ("anna", "bela", "stan"):
        assert browse(person).get(PLACE).status_code == 404, person
    Grant.objects.create(organisation=cast.auditor.organisation, release=deep, rights=[Right.REVIEW])
    answer = browse("anna").get(PLACE)
    assert answer.status_code == 403
    assert "shown to its vendor" in answer.content.decode()
    Grant.objects.create(person=cast.stranger, product=deep.product, rights=[Right.DELIVER])
    assert browse("stan").get(PLACE).status_code == 403, "whoever only delivers is not told who else may read"
    assert PLACE not in browse("stan").get("/products/deep/").content.decode()
    for person in ("vera", "olga"):
        answer = browse(person).get(PLACE)
        assert (answer.status_code, "no-store" in answer.headers["Cache-Control"]) == (200, True), person
        assert browse(person).get("/products/deep/2.0/exposure/").status_code == 404
    page = browse("vera").get("/products/widget/1.0/exposure/").content.decode()
    assert "whoever signs in" in page
    assert "the product is open" in page
    assert "Nobody has attested to this release yet." in page
    assert browse("anna").get("/products/widget/1.0/exposure/").status_code == 403
    assert "/products/widget/1.0/exposure/" in browse("vera").get("/products/widget/").content.decode()
