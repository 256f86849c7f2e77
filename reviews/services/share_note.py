"""Say who reads a thread. Widening is confirmed over the very notes that it will show; narrowing takes nothing out of a memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from reviews.models import Note
from reviews.note_rights import WIDTHS, check_visibility, first_of, require_author
from transparency.errors import EvidenceError
from transparency.proofs.digest import Digest

if TYPE_CHECKING:
    from transparency.models import Person


def share_note(*, person: Person, note: Note, visibility: str, confirmed: str = "") -> Note:
    """Return the note that began the thread; its author alone may. `confirmed` is the thread's state as it was shown to the person.

    Raise `not-the-author`, `visibility-unknown`, `public-restricted`; to widen also `confirmation-missing`, `thread-changed`.
    """
    with transaction.atomic():
        first = Note.objects.select_for_update().get(pk=first_of(note).pk)
        require_author(person, first)
        width = check_visibility(visibility, first.product)
        if is_wider(first, width):
            _check_confirmed(first, confirmed)
        first.visibility = width
        first.save(update_fields=("visibility",))
        first.replies.update(visibility=width)
    return first


def is_wider(first: Note, visibility: str) -> bool:
    return WIDTHS.index(Note.Visibility(visibility)) > WIDTHS.index(Note.Visibility(first.visibility))


def thread_state(first: Note) -> str:
    """A digest of everything that sharing the thread would show."""
    rows = first.replies.filter(deleted_at__isnull=True).order_by("pk").values_list("pk", "text")
    return Digest.of(repr((first.pk, first.deleted_at, first.text, list(rows))).encode()).hex


def _check_confirmed(first: Note, confirmed: str) -> None:
    if not confirmed:
        raise EvidenceError("confirmation-missing", expected="a confirmation by the author", found="none")
    if confirmed != thread_state(first):
        raise EvidenceError("thread-changed", expected="the thread as it was shown", found="another reply or text")
