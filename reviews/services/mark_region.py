"""State that one read lines of a file, and how closely. Only a person does this, and only for that person.

What a person marked on one content is a set of regions that do not overlap, each with its level. A mark never lowers what
was marked before: lines that have the level already, or a higher one, keep their own mark with its time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from django.db import transaction

from reviews.models import ReadMark
from reviews.permissions import require_member, require_running
from reviews.rules.anchor import Region, subtract
from reviews.rules.coverage import LEVELS, Level
from reviews.services.locate_region import locate_region
from reviews.services.unmark_region import cut_marks
from transparency.errors import EvidenceError

if TYPE_CHECKING:
    from reviews.models import Engagement
    from transparency.models import Person, Snapshot


def mark_region(
    *,
    person: Person,
    engagement: Engagement,
    path: str,
    start: int,
    end: int,
    level: str = "read",
    snapshot: Snapshot | None = None,
) -> tuple[ReadMark, ...]:
    """Return the new marks: none where all lines were marked so before. Raises as locate_region does, `level-unknown`."""
    require_member(person, engagement, path=path)
    require_running(engagement)
    if level not in get_args(Level):
        raise EvidenceError("level-unknown", expected=", ".join(LEVELS), found=level[:40])
    place = locate_region(engagement=engagement, snapshot=snapshot, path=path, start=start, end=end)
    below = LEVELS[: LEVELS.index(level)]
    with transaction.atomic():
        own = ReadMark.objects.select_for_update().filter(
            author=person,
            product=engagement.release.product,
            blob=place.blob,
            engagement__authority=engagement.authority,
        )
        cut_marks(own.filter(level__in=below), place.region)
        kept = [Region(mark.start, mark.end) for mark in own.exclude(level__in=below)]
        return tuple(
            ReadMark.objects.create(
                engagement=engagement,
                product=engagement.release.product,
                snapshot=place.snapshot,
                blob=place.blob,
                path=place.path,
                start=part.start,
                end=part.end,
                author=person,
                level=level,
            )
            for part in subtract(place.region, kept)
        )
