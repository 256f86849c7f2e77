"""Answer in a thread. Replies are flat: each names the note that began the thread, stands at its place, and is as visible as it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from reviews.models import Note
from reviews.note_rights import first_of, require_reply
from reviews.permissions import require_running
from reviews.rules.words import check_words
from reviews.services.write_note import MAX_NOTE_CHARS

if TYPE_CHECKING:
    from transparency.models import Person


def reply_to_note(*, person: Person, note: Note, text: str) -> Note:
    """Return the reply to the thread that `note` is in; raise `not-a-participant`, `engagement-closed`, `text-…`."""
    words = check_words(text, limit=MAX_NOTE_CHARS, where="reply")
    with transaction.atomic():
        first = Note.objects.select_for_update().get(pk=first_of(note).pk)  # as it is now: it may have been narrowed
        require_reply(person, first)
        require_running(first.engagement)
        return Note.objects.create(
            engagement=first.engagement,
            product=first.product,
            snapshot=first.snapshot,
            about=first.about,
            blob=first.blob,
            path=first.path,
            start=first.start,
            end=first.end,
            author=person,
            visibility=first.visibility,
            thread=first,
            text=words,
        )
