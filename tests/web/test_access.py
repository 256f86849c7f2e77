"""Who gets which page: 404 for what one may not know of, sign-in or 403 only for what one may know of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviews.services.write_note import write_note
from tests.cast import deliver
from tests.reviews.conftest import colleague, engage
from transparency.models import Grant, Release
from transparency.permissions import Right

if TYPE_CHECKING:
    from reviews.models import Engagement
    from tests.cast import Cast
    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)
SOURCE = ("tree/", "tree/src/", "file/README", "raw/README")
HIDDEN = ("", "dossier.zip", "tree/", "tree/hidden/", "file/secret-plan.txt", "raw/secret-plan.txt")


def test_open_source_asks_anonymous_people_to_sign_in(browse: Browse, open_release: Release) -> None:
    for place in SOURCE:
        answer = browse(None).get(f"/products/widget/1.0/{place}")
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/sign-in/"), place


def test_what_is_not_there_is_404_for_anonymous_people_as_well(browse: Browse, open_release: Release) -> None:
    for place in ("/products/widget/2.0/tree/", "/products/nothing/1.0/tree/", "/products/nothing/"):
        assert browse(None).get(place).status_code == 404, place


@pytest.mark.parametrize("person", [None, "stan", "anna", "bela"])
def test_a_restricted_release_is_404_on_every_page_for_who_may_not_know(
    browse: Browse, restricted_release: Release, person: str | None
) -> None:
    client = browse(person)
    for place in HIDDEN:
        assert client.get(f"/products/vault/9.9/{place}").status_code == 404, place
    delivery, builds = restricted_release.deliveries.get(), restricted_release.build_lists.get()
    assert client.get(f"/deliveries/{delivery.pk}/").status_code == 404
    assert client.get(f"/builds/{builds.pk}/").status_code == 404
    assert client.get(f"/jobs/{delivery.job_id}/").status_code == 404


def test_the_operator_knows_of_a_restricted_release_and_does_not_read_it(
    browse: Browse, restricted_release: Release
) -> None:
    client = browse("olga")
    assert client.get("/products/vault/9.9/").status_code == 200
    for place in ("dossier.zip", "tree/", "file/secret-plan.txt", "raw/secret-plan.txt"):
        assert client.get(f"/products/vault/9.9/{place}").status_code == 404, place


def test_downloading_is_a_right_of_its_own_and_its_lack_is_said(browse: Browse, open_release: Release) -> None:
    answer = browse("anna").get("/products/widget/1.0/raw/README")
    assert answer.status_code == 403
    assert "Downloading it is a right of its own" in answer.content.decode()
    assert "Download as text" not in browse("anna").get("/products/widget/1.0/file/README").content.decode()
    assert "Download as text" in browse("vera").get("/products/widget/1.0/file/README").content.decode()


def test_a_download_is_text_that_no_browser_shows(browse: Browse, cast: Cast) -> None:
    deliver(cast, product="pages", files={"evil.html": b"<script>alert(1)</script>", "b": b"x"})
    answer = browse("vera").get("/products/pages/1.0/raw/evil.html")
    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "evil" not in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_grant_on_a_folder_opens_that_folder_and_the_way_to_it(
    browse: Browse, cast: Cast, restricted_release: Release
) -> None:
    files = {"a/b/c.txt": b"deep\n", "a/other.txt": b"other\n", "z.txt": b"top\n"}
    release = deliver(cast, product="deep", files=files, restricted=True)
    Grant.objects.create(person=cast.stranger, release=release, rights=[Right.READ_SOURCE], folder="a/b")
    client = browse("stan")
    top = client.get("/products/deep/1.0/tree/").content.decode()
    assert "/tree/a/" in top
    assert "z.txt" not in top
    assert "1 line," in top  # of what one may not read nothing is counted
    middle = client.get("/products/deep/1.0/tree/a/").content.decode()
    assert "/tree/a/b/" in middle
    assert "other.txt" not in middle
    assert client.get("/products/deep/1.0/file/a/b/c.txt").status_code == 200
    for place in ("file/a/other.txt", "file/z.txt", "raw/a/b/c.txt", "tree/nothing/"):
        assert client.get(f"/products/deep/1.0/{place}").status_code in {403, 404}, place
    assert client.get("/products/deep/1.0/file/a/other.txt").status_code == 404
    assert client.get("/products/vault/9.9/tree/").status_code == 404


def test_an_ended_grant_opens_nothing(browse: Browse, cast: Cast) -> None:
    release = deliver(cast, product="deep", files={"a/b.txt": b"deep\n"}, restricted=True)
    grant = Grant.objects.create(person=cast.stranger, release=release, rights=[Right.READ_SOURCE], folder="a")
    client = browse("stan")
    assert client.get("/products/deep/1.0/file/a/b.txt").status_code == 200
    grant.delete()
    for place in ("", "tree/", "tree/a/", "file/a/b.txt"):
        assert client.get(f"/products/deep/1.0/{place}").status_code == 404, place


@pytest.mark.parametrize("person", [None, "vera", "bela", "olga", "stan"])
def test_an_engagement_is_known_to_its_authority_alone(
    browse: Browse, cast: Cast, engagement: Engagement, person: str | None
) -> None:
    note = write_note(person=cast.auditor, engagement=engagement, path="README", start=1, end=1, text="ours alone")
    client = browse(person)
    refused = {302} if person is None else {404}
    base = f"/engagements/{engagement.pk}/"
    for place in (base, f"{base}statements/new/"):
        assert client.get(place).status_code in refused, place
    for place in (f"{base}notes/", f"{base}marks/", f"{base}statements/", f"/notes/{note.pk}/delete/"):
        assert client.post(place, {"path": "README", "start": 1, "end": 1}).status_code in refused, place
    if person:
        assert "ours alone" not in client.get("/products/widget/1.0/file/README").content.decode()


def test_a_colleague_outside_the_team_sees_and_does_not_state(
    browse: Browse, cast: Cast, engagement: Engagement
) -> None:
    colleague(cast.auditor, "cora").set_password("cora-password-long")
    other = cast.auditor.organisation.people.get(username="cora")  # type: ignore[union-attr]
    other.set_password("cora-password-long")
    other.save()
    client = browse("cora")
    assert client.get(f"/engagements/{engagement.pk}/").status_code == 200
    answer = client.get(f"/engagements/{engagement.pk}/statements/new/")
    assert answer.status_code == 403
    assert "not one of its auditors" in answer.content.decode()


@pytest.mark.parametrize("person", ["vera", "olga", "stan"])
def test_rooms_of_auditors_tell_others_that_they_are_not_theirs(browse: Browse, person: str) -> None:
    for place in ("/engagements/", "/engagements/new/", "/keys/"):
        answer = browse(person).get(place)
        assert answer.status_code == 403, place
        assert "<h1>You may not do this</h1>" in answer.content.decode()


def test_nothing_public_names_the_restricted_product(
    browse: Browse, open_release: Release, restricted_release: Release
) -> None:
    for place in ("/", "/products/", "/log/", "/products/widget/", "/products/widget/1.0/"):
        for person in (None, "stan", "anna"):
            assert "vault" not in browse(person).get(place).content.decode(), (place, person)


def test_home_of_an_auditor_names_a_restricted_product_only_while_the_right_lasts(
    browse: Browse, cast: Cast, restricted_release: Release
) -> None:
    engage(cast.auditor, restricted_release)
    assert "vault" in browse("anna").get("/").content.decode()
    Grant.objects.all().delete()
    assert "vault" not in browse("anna").get("/").content.decode()
    assert "vault" not in browse("anna").get("/engagements/").content.decode()
