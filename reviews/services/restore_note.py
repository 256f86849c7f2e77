"""Bring a deleted note back, as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from reviews.note_rights import require_author

if TYPE_CHECKING:
    from reviews.models import Note
    from transparency.models import Person


def restore_note(*, person: Person, note: Note) -> Note:
    """Return the note; only its author may restore it."""
    require_author(person, note)
    with transaction.atomic():
        type(note).objects.filter(pk=note.pk).update(deleted_at=None)
    note.refresh_from_db()
    return note
