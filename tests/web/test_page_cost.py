"""What the pages of source cost: questions to the database that do not grow with notes and files, rows that are kept and never another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviews.services.mark_region import mark_region
from reviews.services.write_note import write_note
from reviews.web.folders import Row, row_html
from reviews.web.places import address_maker, release_address

if TYPE_CHECKING:
    from django.test import Client

    from reviews.models import Engagement
    from tests.cast import Cast
    from tests.web.conftest import Browse
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)
FILE, FOLDER = "/products/widget/1.0/file/src/main.c", "/products/widget/1.0/tree/src/"
# To make the page, its state read before and after; and to answer it from memory, with session and person.
MADE = {FILE: 13 + 2 * 7, FOLDER: 11 + 2 * 8}
KEPT = {FILE: 2 + 7 + 1, FOLDER: 2 + 8}


def questions(client: Client, place: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(place).status_code == 200
    return len(asked)


def test_questions_do_not_grow_with_notes_and_marks(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    client = browse("anna")
    client.get(FILE)  # the last place is written once
    for number in range(12):
        line = 1 + number % 5
        kept = {"path": "src/main.c", "start": line, "end": line}
        write_note(person=cast.auditor, engagement=engagement, text=str(number), **kept)  # type: ignore[arg-type]
        mark_region(person=cast.auditor, engagement=engagement, level="read", **kept)  # type: ignore[arg-type]
        if number in {0, 11}:
            for bounds in (MADE, KEPT):
                asked = {place: questions(client, place) for place in bounds}
                assert all(asked[place] <= bound for place, bound in bounds.items()), asked


def test_a_kept_row_follows_what_is_written_and_who_asks(browse: Browse, cast: Cast, engagement: Engagement) -> None:
    def row(person: str) -> str:
        page = browse(person).get(FOLDER).content.decode()
        return page[page.index("main.c") :].split("</tr>")[0]

    assert "0 of 5 lines" in row("anna")
    mark_region(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=2, level="read")
    write_note(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=1, text="why?")
    assert "2 of 5 lines" in row("anna")
    assert '<td class="tc-numbers">1</td>' in row("anna")
    for person in ("bela", "vera", "olga"):
        assert "lines</span>" not in row(person), person
        assert '<td class="tc-numbers">1</td>' not in row(person), person


def test_a_name_in_a_row_is_text() -> None:
    line = row_html(Row('"><b>\u202e', '/x/"><b>', "text", 1, 1), engaged=False, sees_notes=True)
    assert "<b>" not in line
    assert "‹U+202E›" in line


def test_many_addresses_are_what_one_would_be(open_release: Release) -> None:
    paths = ("a", "x", "x/x.x", "src/%E2%80%AEgnp.c", "%25", "a+b@c,d=e~f", "deep/er/%20/x")
    for name, withdrawn in (("file", None), ("folder", None), ("file", 7), ("folder", 7)):
        address = address_maker(name, open_release, withdrawn=withdrawn)
        for path in paths:
            assert address(path) == release_address(name, open_release, path, withdrawn=withdrawn), path
