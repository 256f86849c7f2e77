"""Write a note on lines of a file. It hangs on the content, so an unchanged file keeps it in the next release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from reviews.models import Note
from reviews.permissions import require_member, require_running
from reviews.rules.words import check_words
from reviews.services.locate_region import locate_region

if TYPE_CHECKING:
    from reviews.models import Engagement
    from transparency.models import Person, Snapshot

MAX_NOTE_CHARS = 20_000


def write_note(
    *,
    person: Person,
    engagement: Engagement,
    path: str,
    start: int,
    end: int,
    text: str,
    snapshot: Snapshot | None = None,
) -> Note:
    """Return the note; `path` is escaped, `snapshot` the release's subject unless given. Raises as locate_region does."""
    require_member(person, engagement, path=path)
    require_running(engagement)
    words = check_words(text, limit=MAX_NOTE_CHARS, where="note")
    place = locate_region(engagement=engagement, snapshot=snapshot, path=path, start=start, end=end)
    with transaction.atomic():
        return Note.objects.create(
            engagement=engagement,
            product=engagement.release.product,
            snapshot=place.snapshot,
            blob=place.blob,
            path=place.path,
            start=place.region.start,
            end=place.region.end,
            author=person,
            text=words,
        )
