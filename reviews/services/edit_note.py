"""Change what one wrote. What it said before is kept and shown to those whom history is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from reviews.models import Note, NoteEdit
from reviews.note_rights import require_author
from reviews.permissions import require_running
from reviews.rules.words import check_words
from reviews.services.write_note import MAX_NOTE_CHARS
from transparency.errors import EvidenceError

if TYPE_CHECKING:
    from transparency.models import Person


def edit_note(*, person: Person, note: Note, text: str) -> Note:
    """Return the note; the same text again changes nothing. Raise `not-the-author`, `note-deleted`, `engagement-closed`, `text-…`."""
    require_author(person, note)
    require_running(note.engagement)
    words = check_words(text, limit=MAX_NOTE_CHARS, where="note")
    with transaction.atomic():
        row = Note.objects.select_for_update().get(pk=note.pk)
        if row.deleted_at:
            raise EvidenceError("note-deleted", expected="a note", found="a deleted one")
        if row.text != words:
            NoteEdit.objects.create(note=row, text=row.text)
            row.text, row.edited_at = words, timezone.now()
            row.save(update_fields=("text", "edited_at"))
    return row
