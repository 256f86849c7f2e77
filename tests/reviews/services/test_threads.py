"""Threads: replies, edits with their history, deleted first notes, settling, sharing over what was seen, notes on files and folders."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from reviews.models import Engagement, Note, NoteEdit
from reviews.services.delete_note import delete_note
from reviews.services.edit_note import edit_note
from reviews.services.reply_to_note import reply_to_note
from reviews.services.resolve_note import resolve_note
from reviews.services.restore_note import restore_note
from reviews.services.share_note import share_note, thread_state
from reviews.services.write_note import write_note
from reviews.threads import Thread, open_notes, threads_of_folder, threads_on
from tests.cast import OPEN_FILES, deliver
from transparency.errors import EvidenceError
from transparency.models import Grant
from transparency.permissions import Right

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cast import Cast
    from transparency.models import Release

MAIN = "src/main.c"


def write(cast: Cast, engagement: Engagement, text: str = "why?", **more: object) -> Note:
    call: dict[str, object] = {"person": cast.auditor, "engagement": engagement, "path": MAIN, "text": text}
    place = {} if "about" in more else {"start": 3, "end": 4}
    return write_note(**(call | place | more))  # type: ignore[arg-type]


def threads(cast: Cast, release: Release, path: str = MAIN) -> list[Thread]:
    assert release.subject is not None
    return threads_on(asked_by=cast.auditor, release=release, snapshot=release.subject, path=path)


def words(cast: Cast, release: Release, path: str = MAIN) -> list[list[str]]:
    return [[note.text for note in thread.notes] for thread in threads(cast, release, path)]


def test_replies_are_flat_and_stand_at_the_place_of_the_first(cast: Cast, engagement: Engagement) -> None:
    first = write(cast, engagement, visibility="vendor")
    answer = reply_to_note(person=cast.vendor, note=first, text="because")
    again = reply_to_note(person=cast.auditor, note=answer, text="I see")
    assert (again.thread_id, again.path, again.start, again.end) == (first.pk, MAIN, 3, 4)
    assert (again.blob, again.visibility, again.engagement_id) == (first.blob, "vendor", engagement.pk)
    assert words(cast, engagement.release) == [["why?", "because", "I see"]]


def test_a_reply_follows_what_the_thread_has_become(cast: Cast, engagement: Engagement) -> None:
    first = write(cast, engagement, visibility="vendor")
    share_note(person=cast.auditor, note=first, visibility="team")
    with pytest.raises(EvidenceError) as refusal:  # with the row as the vendor's page had it
        reply_to_note(person=cast.vendor, note=first, text="too late")
    assert refusal.value.code == "not-a-participant"
    assert reply_to_note(person=cast.auditor, note=first, text="ours").visibility == "team"


def test_an_edit_keeps_what_was_there_and_nothing_else_does(cast: Cast, engagement: Engagement) -> None:
    note = write(cast, engagement)
    assert edit_note(person=cast.auditor, note=note, text=" why? \n").edited_at is None
    assert edit_note(person=cast.auditor, note=note, text="why\r\nnot?").text == "why\nnot?"
    edit_note(person=cast.auditor, note=note, text="never mind")
    assert list(NoteEdit.objects.values_list("text", flat=True)) == ["why?", "why\nnot?"]
    delete_note(person=cast.auditor, note=note)
    for text, code in (("x", "note-deleted"), ("", "text-missing"), ("x" * 20_001, "text-too-long")):
        with pytest.raises(EvidenceError) as refusal:
            edit_note(person=cast.auditor, note=note, text=text)
        assert refusal.value.code == code
    assert NoteEdit.objects.count() == 2


def test_a_deleted_first_note_keeps_its_replies_and_none_without(cast: Cast, engagement: Engagement) -> None:
    first = write(cast, engagement, visibility="vendor")
    reply = reply_to_note(person=cast.vendor, note=first, text="because")
    delete_note(person=cast.auditor, note=first)
    [thread] = threads(cast, engagement.release)
    assert thread.first.deleted_at
    assert [note.text for note in thread.notes] == ["because"]
    assert len(open_notes(asked_by=cast.auditor, release=engagement.release)) == 1
    delete_note(person=cast.vendor, note=reply)
    assert threads(cast, engagement.release) == []
    assert open_notes(asked_by=cast.auditor, release=engagement.release) == []
    restore_note(person=cast.vendor, note=reply)
    restore_note(person=cast.auditor, note=first)
    assert words(cast, engagement.release) == [["why?", "because"]]


def test_settling_says_who_and_when_and_can_be_undone(cast: Cast, engagement: Engagement) -> None:
    first = write(cast, engagement)
    reply = reply_to_note(person=cast.auditor, note=first, text="found it")
    settled = resolve_note(person=cast.auditor, note=reply)
    assert (settled.pk, settled.resolved_by) == (first.pk, cast.auditor)
    assert resolve_note(person=cast.auditor, note=first).resolved_at == settled.resolved_at
    assert open_notes(asked_by=cast.auditor, release=engagement.release) == []
    opened = resolve_note(person=cast.auditor, note=first, resolved=False)
    assert (opened.resolved_at, opened.resolved_by) == (None, None)


def test_widening_is_confirmed_over_the_thread_as_it_was_shown(cast: Cast, engagement: Engagement) -> None:
    first = write(cast, engagement, visibility="team")
    seen = thread_state(first)
    for confirmed, code in (("", "confirmation-missing"), ("0" * 64, "thread-changed")):
        with pytest.raises(EvidenceError) as refusal:
            share_note(person=cast.auditor, note=first, visibility="vendor", confirmed=confirmed)
        assert refusal.value.code == code
    reply = reply_to_note(person=cast.auditor, note=first, text="they must not know this")
    with pytest.raises(EvidenceError) as refusal:
        share_note(person=cast.auditor, note=first, visibility="vendor", confirmed=seen)
    assert refusal.value.code == "thread-changed"
    delete_note(person=cast.auditor, note=reply)
    share_note(person=cast.auditor, note=first, visibility="vendor", confirmed=seen)
    first.refresh_from_db()
    assert first.visibility == "vendor"
    share_note(person=cast.auditor, note=first, visibility="mine")  # narrower needs no confirmation
    assert set(Note.objects.values_list("visibility", flat=True)) == {"mine"}


def test_after_the_engagement_nothing_is_written_any_more(cast: Cast, engagement: Engagement) -> None:
    first = write(cast, engagement, visibility="vendor")
    Engagement.objects.update(ends_at=timezone.now() - timedelta(minutes=1))
    late = Note.objects.get(pk=first.pk)
    acts: tuple[Callable[[], object], ...] = (
        lambda: reply_to_note(person=cast.vendor, note=late, text="late"),
        lambda: edit_note(person=cast.auditor, note=late, text="late"),
    )
    for act in acts:
        with pytest.raises(EvidenceError) as refusal:
            act()
        assert refusal.value.code == "engagement-closed"
    assert resolve_note(person=cast.auditor, note=late).resolved_at


def test_notes_on_a_file_hang_on_content_those_on_folders_on_the_source(cast: Cast, engagement: Engagement) -> None:
    release = engagement.release
    write(cast, engagement, "of bytes", about="file", path="logo.bin")
    write(cast, engagement, "of a folder", about="folder", path="src")
    write(cast, engagement, "of all", about="snapshot", path="")
    assert words(cast, release, "logo.bin") == [["of bytes"]]
    following = deliver(cast, product="widget", version="1.1", files=dict(OPEN_FILES) | {"more": b"x\n"})
    Grant.objects.create(organisation=cast.auditor.organisation, release=following, rights=[Right.REVIEW])
    assert words(cast, following, "logo.bin") == [["of bytes"]]
    for row, found in ((release, [["of a folder"], ["of all"]]), (following, [])):
        assert row.subject is not None
        shown = [
            [note.text for note in thread.notes]
            for path in ("src", "")
            for thread in threads_of_folder(asked_by=cast.auditor, release=row, snapshot=row.subject, path=path)
        ]
        assert shown == found
    other = deliver(cast, product="gadget")
    assert other.subject is not None
    assert threads_of_folder(asked_by=cast.auditor, release=release, snapshot=other.subject) == []
