"""Bring a deleted note back, as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from reviews.permissions import require_member
from transparency.errors import NotAllowedError

if TYPE_CHECKING:
    from reviews.models import Note
    from transparency.models import Person


def restore_note(*, person: Person, note: Note) -> Note:
    """Return the note; only its author may restore it."""
    require_member(person, note.engagement, path=note.path)
    if note.author_id != person.pk:
        raise NotAllowedError("not-the-author", expected="the note's author", found="somebody else")
    with transaction.atomic():
        type(note).objects.filter(pk=note.pk).update(deleted_at=None)
    note.refresh_from_db()
    return note
