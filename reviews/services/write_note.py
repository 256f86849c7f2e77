"""Write the first note of a thread. One on lines or a file hangs on the content, so an unchanged file keeps it in the next release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from reviews.models import Note
from reviews.note_rights import check_visibility
from reviews.permissions import require_member, require_running
from reviews.rules.words import check_words
from reviews.services.locate_place import locate_place

if TYPE_CHECKING:
    from reviews.models import Engagement
    from transparency.models import Person, Snapshot

MAX_NOTE_CHARS = 20_000


def write_note(
    *,
    person: Person,
    engagement: Engagement,
    path: str,
    text: str,
    start: int = 0,
    end: int = 0,
    about: str = Note.About.REGION,
    visibility: str = Note.Visibility.AUTHORITY,
    snapshot: Snapshot | None = None,
) -> Note:
    """Return the note; `path` is escaped, `snapshot` the subject unless given. Raises as locate_place does, and `visibility-unknown`."""
    require_member(person, engagement, path=path)
    require_running(engagement)
    words = check_words(text, limit=MAX_NOTE_CHARS, where="note")
    width = check_visibility(visibility, engagement.release.product)
    place = locate_place(engagement=engagement, snapshot=snapshot, about=about, path=path, start=start, end=end)
    require_member(person, engagement, path=place.path)
    with transaction.atomic():
        return Note.objects.create(
            engagement=engagement,
            product=engagement.release.product,
            snapshot=place.snapshot,
            about=about,
            blob=place.blob,
            path=place.path,
            start=place.start,
            end=place.end,
            author=person,
            visibility=width,
            text=words,
        )
