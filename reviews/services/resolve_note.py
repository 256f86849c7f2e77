"""Settle a thread, or open it again. It stays where it is, with the name of whoever settled it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from reviews.models import Note
from reviews.note_rights import first_of, may_settle
from reviews.permissions import require_member
from transparency.errors import NotAllowedError

if TYPE_CHECKING:
    from transparency.models import Person


def resolve_note(*, person: Person, note: Note, resolved: bool = True) -> Note:
    """Return the note that began the thread; resolving twice keeps the first time. Raise `not-a-participant`, `terms-not-accepted`."""
    first = first_of(note)
    if not may_settle(person, first):
        raise NotAllowedError("not-a-participant", expected="an auditor of this engagement")
    require_member(person, first.engagement, path=first.path)
    rows = Note.objects.filter(pk=first.pk, resolved_at__isnull=resolved)
    with transaction.atomic():
        rows.update(resolved_at=timezone.now() if resolved else None, resolved_by=person if resolved else None)
    return Note.objects.get(pk=first.pk)
