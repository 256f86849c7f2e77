"""What waits for an auditor and for a vendor: the next lines to read, answers, questions, work; and what each home costs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reviews.models import LastPlace, Note
from reviews.rules.anchor import Region
from reviews.rules.coverage import Mark, ScopedFile, ScopedTree
from reviews.services.mark_region import mark_region
from reviews.services.reply_to_note import reply_to_note
from reviews.services.resolve_note import resolve_note
from reviews.services.write_note import write_note
from tests.cast import deliver
from tests.reviews.conftest import engage
from transparency.models import Job

if TYPE_CHECKING:
    from reviews.models import Engagement
    from tests.cast import Cast
    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "/products/widget/1.0/file/"


def card(page: str, title: str) -> str:
    """The text of one part of a page, from its heading to the next."""
    match = re.search(rf"<h2[^>]*>{title}.*?(?=<h2|</main>)", page, re.DOTALL)
    assert match, title
    return match[0]


def test_the_next_file_is_the_first_with_the_fewest_lines_read_and_its_first_unread_line() -> None:
    files = [
        ScopedFile("a", "aa", 9, 4),
        ScopedFile("b", "bb", 9, 0),
        ScopedFile("c", "cc", 9, 6),
        ScopedFile("d.png", "dd", 9, None),
    ]
    tree = ScopedTree(files)

    def after(*marks: tuple[str, int, int]) -> tuple[str, int] | None:
        found = tree.reading([Mark(blob, Region(start, end), "read", 1) for blob, start, end in marks]).next_unread()
        return (found[0].path, found[1]) if found else None

    assert after() == ("a", 1)
    assert after(("aa", 1, 1)) == ("c", 1)
    assert after(("aa", 1, 1), ("cc", 1, 2)) == ("a", 2)
    assert after(("aa", 1, 4), ("cc", 1, 2), ("cc", 4, 6)) == ("c", 3)
    assert after(("aa", 1, 4), ("cc", 1, 99)) is None
    assert tree.reading([Mark("aa", Region(1, 4), "skimmed", 1)]).next_unread() == (files[0], 1)


def test_an_auditor_goes_on_where_they_stopped_and_hears_answers(
    browse: Browse, cast: Cast, engagement: Engagement
) -> None:
    client = browse("anna")
    assert f'href="{BASE}README#L1"' in card(client.get("/").content.decode(), "Your engagements")
    mark_region(person=cast.auditor, engagement=engagement, path="README", start=1, end=2, level="read")
    place = LastPlace.objects.create(person=cast.auditor, release=engagement.release, path="src/util.h", line=1)
    LastPlace.objects.create(person=cast.other_auditor, release=engagement.release, path="logo.bin", line=1)
    own = card(client.get("/").content.decode(), "Your engagements")
    assert f'href="{BASE}src/main.c#L1"' in own
    assert f'Where you stopped: <a href="{BASE}src/util.h#L1"' in own
    assert "logo.bin" not in own
    LastPlace.objects.filter(pk=place.pk).update(path="gone.c")
    assert "Where you stopped" not in client.get("/").content.decode()

    note = write_note(
        person=cast.auditor, engagement=engagement, path="src/main.c", start=3, end=4, text="why?", visibility="vendor"
    )
    hidden = write_note(
        person=cast.auditor, engagement=engagement, path="README", start=1, end=1, text="our own thought"
    )
    asked = card(browse("vera").get("/").content.decode(), "Open questions")
    assert "(1)" in asked
    assert f'href="{BASE}src/main.c?lines=3-4' in asked
    assert "why?" in asked
    assert "our own thought" not in asked, "a note of the authority is nobody else's"
    for person in ("stan", "olga", "bela"):
        assert "why?" not in browse(person).get("/").content.decode(), person
    reply_to_note(person=cast.vendor, note=note, text="because <b>")
    answered = card(client.get("/").content.decode(), "Answers to your notes")
    assert "because &lt;b&gt;" in answered
    assert "Acme" in answered
    assert "Vera" not in answered
    assert "1 answer" in card(browse("vera").get("/").content.decode(), "Open questions")
    resolve_note(person=cast.auditor, note=note)
    assert "because" not in client.get("/").content.decode()
    assert "why?" not in browse("vera").get("/").content.decode()
    assert Note.objects.filter(pk=hidden.pk).exists()


def test_an_answer_is_not_shown_once_the_right_has_ended(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    note = write_note(
        person=cast.auditor, engagement=engagement, path="src/main.c", start=3, end=4, text="why?", visibility="vendor"
    )
    reply_to_note(person=cast.vendor, note=note, text="because")
    assert "because" in browse("anna").get("/").content.decode()
    cast.auditor.organisation.grants.update(revoked_at=timezone.now())  # type: ignore[union-attr]
    assert "because" not in browse("anna").get("/").content.decode()


def test_a_vendor_sees_its_own_work_alone(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    progress = {"step": "reading \u202emembers", "archiveSize": 100, "archiveBytes": 40}
    archive = {"name": "widget-2.0.tar.gz"}
    for number, (state, release) in enumerate(
        (("running", engagement.release_id), ("failed", engagement.release_id), ("running", 0))
    ):
        Job.objects.create(
            kind="import-snapshot", idempotency_key=str(number), state=state, progress=progress,
            payload={"release": release, "archive": archive},
        )  # fmt: skip
    page = browse("vera").get("/").content.decode()
    own = card(page, "In work")
    assert own.count("<li") == 1
    assert 'max="100" value="40"' in own
    assert "widget-2.0.tar.gz" in own
    assert "‹U+202E›" in own
    assert "try again" in card(page, "Failed")
    assert "Nothing is in work." in browse("stan").get("/").content.decode()


# Questions that each home asks of the database with three engagements; the session and the person are two of them.
BOUNDS = {"anna": 20, "vera": 17, "olga": 16, None: 5}


def test_homes_stay_quick(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    for name in ("gadget", "gear"):
        its = engage(cast.auditor, deliver(cast, product=name))
        note = write_note(
            person=cast.auditor, engagement=its, path="README", start=1, end=1, text="?", visibility="vendor"
        )
        reply_to_note(person=cast.vendor, note=note, text="!")
    asked = {}
    for person in BOUNDS:
        client = browse(person)
        client.get("/")
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/").status_code == 200
        asked[person] = len(queries)
    assert all(asked[person] <= bound for person, bound in BOUNDS.items()), asked
