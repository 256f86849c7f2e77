"""Take a note away. The row stays, so that restore_note can bring it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from reviews.note_rights import require_author

if TYPE_CHECKING:
    from reviews.models import Note
    from transparency.models import Person


def delete_note(*, person: Person, note: Note) -> Note:
    """Return the note; only its author may delete it. Deleting twice keeps the first time."""
    require_author(person, note)
    with transaction.atomic():
        type(note).objects.filter(pk=note.pk, deleted_at__isnull=True).update(deleted_at=timezone.now())
    note.refresh_from_db()
    return note
