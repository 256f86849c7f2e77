"""Notes: write, delete, restore; who sees them, and where they reappear."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reviews.models import Engagement, Note
from reviews.queries import notes_on
from reviews.services.delete_note import delete_note
from reviews.services.restore_note import restore_note
from reviews.services.write_note import write_note
from tests.cast import OPEN_FILES, RESTRICTED_FILES, deliver
from tests.reviews.conftest import colleague, engage
from transparency.errors import EvidenceError
from transparency.models import Grant, Person, Release
from transparency.permissions import Right

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cast import Cast

MAIN = "src/main.c"


def seen(person: Person, release: Release, path: str = MAIN) -> list[str]:
    assert release.subject is not None
    return [note.text for note in notes_on(asked_by=person, release=release, snapshot=release.subject, path=path)]


def write(cast: Cast, engagement: Engagement, text: str = "look here", **more: object) -> Note:
    call: dict[str, object] = {"person": cast.auditor, "engagement": engagement, "path": MAIN, "start": 3, "end": 4}
    return write_note(**(call | {"text": text} | more))  # type: ignore[arg-type]


def refusal_of(code: str, cast: Cast, engagement: Engagement, **more: object) -> None:
    with pytest.raises(EvidenceError) as refusal:
        write(cast, engagement, **more)  # type: ignore[arg-type]
    assert refusal.value.code == code
    assert not Note.objects.exists()


def test_a_note_is_seen_by_the_authority_and_by_nobody_else(cast: Cast, engagement: Engagement) -> None:
    note = write(cast, engagement)
    assert (note.path, note.start, note.end) == (MAIN, 3, 4)
    release = engagement.release
    other = colleague(cast.auditor, "nora")
    assert seen(cast.auditor, release) == seen(other, release) == ["look here"]
    Grant.objects.create(organisation=cast.other_auditor.organisation, release=release, rights=[Right.REVIEW])
    for person in (cast.other_auditor, cast.vendor, cast.operator, cast.stranger):
        assert seen(person, release) == []


def test_a_note_follows_its_content_into_the_next_release(cast: Cast, engagement: Engagement) -> None:
    write(cast, engagement)
    files = dict(OPEN_FILES) | {"src/again.c": OPEN_FILES[MAIN], MAIN: OPEN_FILES[MAIN] + b"\n"}
    following = deliver(cast, product="widget", version="1.1", files=files)
    Grant.objects.create(organisation=cast.auditor.organisation, release=following, rights=[Right.REVIEW])
    assert seen(cast.auditor, following, "src/again.c") == ["look here"]
    assert seen(cast.auditor, following, MAIN) == []


def test_a_note_written_where_the_person_may_not_read_stays_hidden(
    cast: Cast, restricted_engagement: Engagement
) -> None:
    engine = "hidden/engine-core.c"
    write(cast, restricted_engagement, path=engine, start=1, end=2)
    files = dict(RESTRICTED_FILES) | {"copy.c": RESTRICTED_FILES[engine]}
    following = deliver(cast, product="vault", version="10", files=files, restricted=True)
    narrow = colleague(cast.auditor, "nora")
    Grant.objects.all().delete()
    Grant.objects.create(person=narrow, release=following, rights=[Right.REVIEW], folder="copy.c")
    assert seen(narrow, following, "copy.c") == []
    Grant.objects.create(person=narrow, release=following, rights=[Right.REVIEW], folder="hidden")
    assert seen(narrow, following, "copy.c") == ["look here"]


def test_the_same_content_in_another_product_shows_nothing(cast: Cast, engagement: Engagement) -> None:
    write(cast, engagement)
    other = engage(cast.auditor, deliver(cast, product="gadget"))
    assert seen(cast.auditor, other.release) == []


def test_a_deleted_note_is_gone_and_can_come_back(cast: Cast, engagement: Engagement) -> None:
    note = write(cast, engagement)
    first = delete_note(person=cast.auditor, note=note).deleted_at
    assert delete_note(person=cast.auditor, note=note).deleted_at == first
    assert seen(cast.auditor, engagement.release) == []
    assert restore_note(person=cast.auditor, note=note).deleted_at is None
    assert seen(cast.auditor, engagement.release) == ["look here"]


def test_only_the_author_deletes_and_restores(cast: Cast, engagement: Engagement) -> None:
    note = write(cast, engagement)
    other = colleague(cast.auditor, "nora")
    engagement.auditors.add(other)
    people = (
        (other, "not-the-author"),
        (cast.other_auditor, "not-a-participant"),
        (cast.operator, "not-a-participant"),
    )
    for person, code in people:
        for act in (delete_note, restore_note):
            with pytest.raises(EvidenceError) as refusal:
                act(person=person, note=note)
            assert refusal.value.code == code
    assert seen(cast.auditor, engagement.release) == ["look here"]


def test_a_note_that_cannot_be_is_refused(cast: Cast, engagement: Engagement, foreign_engagement: Engagement) -> None:
    refusal_of("text-missing", cast, engagement, text=" \n ")
    refusal_of("text-too-long", cast, engagement, text="x" * 20_001)
    refusal_of("text-unstorable", cast, engagement, text="a\0b")
    refusal_of("text-unstorable", cast, engagement, text="a\ud800b")
    refusal_of("region-outside-file", cast, engagement, end=6)
    refusal_of("path-unknown", cast, engagement, path="src/other.c")
    refusal_of("not-text", cast, engagement, path="logo.bin")
    refusal_of("path-unknown", cast, engagement, path="src", about="file", start=0, end=0)
    refusal_of("path-unknown", cast, engagement, path="nothing", about="folder", start=0, end=0)
    refusal_of("path-unknown", cast, engagement, path="", about="folder", start=0, end=0)
    refusal_of("about-unknown", cast, engagement, about="thought")
    refusal_of("visibility-unknown", cast, engagement, visibility="everybody")
    refusal_of("not-a-member", cast, foreign_engagement)
    for person in (cast.vendor, cast.operator, cast.other_auditor, colleague(cast.auditor, "nora")):
        refusal_of("not-a-member", cast, engagement, person=person)


def test_naughty_strings_are_kept_as_they_are(
    cast: Cast, engagement: Engagement, vectors: Callable[[str], Path]
) -> None:
    strings = json.loads((vectors("names") / "blns.json").read_text("utf-8"))
    for text in [string for string in strings if string.strip()][::10]:
        note = write(cast, engagement, text)
        note.refresh_from_db()
        assert note.text == text.replace("\r\n", "\n").replace("\r", "\n").strip()
