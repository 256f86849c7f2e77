"""Agreeing an engagement, and what its page shows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from reviews.models import Acceptance, Engagement
from reviews.services.mark_region import mark_region
from tests.cast import deliver
from tests.reviews.conftest import colleague, engage
from tests.web.posts import check_refusals
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


def test_what_is_in_scope_is_shown_before_it_is_agreed(browse: Browse, cast: Cast, granted: Release) -> None:
    said = {"include": "src\nREADMEE", "exclude": "src/*.h: <b>generated</b>\ndocs/**: none", "step": "preview"}
    answer = agree(browse, cast, granted, **said)
    page = answer.content.decode()
    assert (answer.status_code, Engagement.objects.count()) == (200, 0)
    assert "2 files with 5 lines of text" in page
    assert "&lt;b&gt;generated&lt;/b&gt;" in page
    assert "such as <bdi>src/util.h</bdi>" in page
    assert "no glob of the scope names them" in page
    for glob in ("READMEE", "docs/**"):
        assert f"<li><code><bdi>{glob}</bdi></code></li>" in page


def test_globs_that_hit_nothing_are_looked_at_before_they_are_fixed(
    browse: Browse, cast: Cast, granted: Release
) -> None:
    said = {"include": "src\nREADMEE", "exclude": ""}
    answer = agree(browse, cast, granted, **said)
    page = answer.content.decode()
    assert (answer.status_code, Engagement.objects.count()) == (422, 0)
    assert "Some globs hit no file" in page
    seen = page.split('name="seen" value="')[1][:64]
    changed = {**said, "exclude": "nothing/**: y", "seen": seen}
    assert agree(browse, cast, granted, **changed).status_code == 422  # what was seen was another scope
    assert Engagement.objects.count() == 0
    assert agree(browse, cast, granted, **said, seen=seen).status_code == 302
    assert Engagement.objects.get().include == ["src", "READMEE"]
    answer = agree(browse, cast, granted, include="no/where", seen=seen)
    assert answer.status_code == 422
    nowhere = answer.content.decode().split('name="seen" value="')[1][:64]
    answer = agree(browse, cast, granted, include="no/where", seen=nowhere)
    assert "scope-empty" in answer.content.decode()
    assert Engagement.objects.count() == 1


def test_hostile_globs_are_refused_at_their_field(browse: Browse, cast: Cast, granted: Release) -> None:
    for include, code in (
        ("/etc/passwd", "glob-malformed"),
        ("a/***/b", "glob-malformed"),
        ("*" * 40, "glob-malformed"),
        ("<script>alert(1)</script>", "glob-malformed"),
        ("\n".join(f"a{number}" for number in range(101)), "too-many-globs"),
    ):
        answer = agree(browse, cast, granted, include=include, step="preview")
        page = answer.content.decode()
        assert (answer.status_code, Engagement.objects.count()) == (422, 0), include
        assert 'href="#id_include"' in page
        assert code in page
        assert "<script>alert" not in page


def test_only_people_with_the_right_on_the_chosen_release_are_a_choice(
    browse: Browse, cast: Cast, open_release: Release
) -> None:
    cora = colleague(cast.auditor, "cora")
    Grant.objects.create(person=cast.auditor, release=open_release, rights=[Right.REVIEW])
    page = browse("anna").get(f"/engagements/new/?release={open_release.pk}").content.decode()
    assert f'name="auditors" value="{cast.auditor.pk}"' in page
    assert f'name="auditors" value="{cora.pk}"' not in page
    assert agree(browse, cast, open_release, auditors=[cora.pk]).status_code == 422


def test_one_that_has_not_begun_is_said_and_closed(browse: Browse, cast: Cast, granted: Release) -> None:
    day = (timezone.now() + timedelta(days=3)).date()
    assert agree(browse, cast, granted, starts="2001-01-01").status_code == 422
    assert agree(browse, cast, granted, starts=day, ends=day - timedelta(days=1)).status_code == 422
    assert agree(browse, cast, granted, starts=day, ends=day).status_code == 302
    row, client = Engagement.objects.get(), browse("anna")
    page = client.get(f"/engagements/{row.pk}/").content.decode()
    assert "has not begun: until" in page
    assert "State what you read" not in page
    answer = client.get(f"/engagements/{row.pk}/statements/new/", follow=True)
    assert "engagement-closed" in answer.content.decode()
    client.post(f"/engagements/{row.pk}/marks/", {"path": "README", "start": 1, "end": 1, "level": "read"})
    assert not row.readmarks.exists()
    assert "<h2>Not begun yet</h2>" in client.get("/engagements/").content.decode()


def test_terms_are_accepted_on_the_page_before_any_work(browse: Browse, cast: Cast, open_release: Release) -> None:
    row = engage(cast.auditor, open_release, terms="Look, do <not> copy.")
    place, data = f"/engagements/{row.pk}/accept/", {"digest": row.digest}
    check_refusals(
        browse,
        place,
        data,
        allowed="anna",
        strangers=("bela", "vera", "olga", "stan"),
        unchanged=Acceptance.objects.count,
        missing="/engagements/999/accept/",
    )
    client = browse("anna")
    page = client.get(f"/engagements/{row.pk}/").content.decode()
    assert "Look, do &lt;not&gt; copy." in page
    assert "not accepted yet" in page
    assert "State what you read" not in page
    answer = client.get(f"/engagements/{row.pk}/statements/new/", follow=True)
    assert "terms-not-accepted" in answer.content.decode()
    places = [f"/products/widget/1.0/{where}" for where in ("file/README", "tree/", "tree/src/")]
    before = [client.get(each).content.decode() for each in places]
    assert all("Accept the terms" in each and 'name="text"' not in each for each in before)
    assert "terms-differ" in client.post(place, {"digest": "0" * 64}, follow=True).content.decode()
    page = client.post(place, data, follow=True).content.decode()
    assert "You accepted the terms." in page
    assert "State what you read" in page
    assert Acceptance.objects.get().person == cast.auditor
    after = [client.get(each).content.decode() for each in places]
    assert all("Accept the terms" not in each and 'name="text"' in each for each in after)


def test_coverage_goes_down_folder_by_folder_most_unread_first(browse: Browse, cast: Cast) -> None:
    files = {f"lib/part{number:02}/deep/x.c": f"{number}\n".encode() * (number + 1) for number in range(60)}
    row = engage(cast.auditor, deliver(cast, product="many", files=files | {"top.c": b"one\ntwo\n"}), exclude=[])
    mark_region(person=cast.auditor, engagement=row, path="lib/part59/deep/x.c", start=1, end=59, level="examined")
    place, client = f"/engagements/{row.pk}/", browse("anna")
    top = client.get(place).content.decode()
    assert "?folder=lib#coverage" in top
    assert "lib/part59/deep/x.c" in top.split("next files")[1]  # begun, so it is first
    below = client.get(f"{place}?folder=lib").content.decode()
    assert below.index("part58") < below.index("part57") < below.index("part20")
    assert "part59" not in below.split("next files")[0]  # one line is left of it: it is on the last page
    assert "Page 1 of 2" in below
    assert (
        ">59<"
        in client.get(f"{place}?folder=lib&page=2").content.decode().split("part59#coverage")[1].split("</tr>")[0]
    )
    deep = client.get(f"{place}?folder=lib/part59").content.decode()
    assert "59 of 60 lines read, 59 examined" in deep
    for folder in ("lib/none", "../etc", "lib/", "%2e%2e", "a\x00b"):
        assert client.get(place, {"folder": folder}).status_code == 404, folder


def test_who_read_how_much_is_said_inside_the_authority_alone(
    browse: Browse, cast: Cast, engagement: Engagement
) -> None:
    cora = colleague(cast.auditor, "cora")
    cora.set_password("cora-password-long")
    cora.save()
    mark_region(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=4, level="examined")
    page = browse("cora").get(f"/engagements/{engagement.pk}/").content.decode()
    team = page.split('id="team"')[1]
    assert "Anna" in team
    assert "4 of 8 lines" in team
    assert "cora" not in team.split("</table>")[0]
    assert "see it, with your authority" in browse("cora").get("/engagements/").content.decode()
    for person in ("bela", "vera", "olga", "stan"):
        assert browse(person).get(f"/engagements/{engagement.pk}/").status_code == 404, person
    empty = browse("bela").get("/engagements/").content.decode()
    assert "Your authority has none yet." in empty
