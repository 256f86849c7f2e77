"""Take back what one marked as read. Frozen statements keep their own copy of the marks and do not change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from reviews.models import ReadMark
from reviews.permissions import require_member, require_running
from reviews.rules.anchor import Region, subtract
from reviews.services.locate_region import locate_region

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from reviews.models import Engagement
    from transparency.models import Person, Snapshot


def unmark_region(
    *, person: Person, engagement: Engagement, path: str, start: int, end: int, snapshot: Snapshot | None = None
) -> int:
    """Return how many of one's own marks were cut or taken away, those carried from an earlier release among them."""
    require_member(person, engagement, path=path)
    require_running(engagement)
    place = locate_region(engagement=engagement, snapshot=snapshot, path=path, start=start, end=end)
    with transaction.atomic():
        own = ReadMark.objects.select_for_update().filter(
            author=person,
            product=engagement.release.product,
            blob=place.blob,
            engagement__authority=engagement.authority,
        )
        return cut_marks(own, place.region)


def cut_marks(marks: QuerySet[ReadMark], region: Region) -> int:
    """Take `region` out of each mark; what is left keeps the mark's engagement, place and time."""
    cut = 0
    for mark in marks.filter(start__lte=region.end, end__gte=region.start):
        cut += 1
        rest = subtract(Region(mark.start, mark.end), [region])
        marked_at = mark.created_at
        mark.delete()
        for part in rest:
            mark.pk, mark.start, mark.end = None, part.start, part.end
            mark.save(force_insert=True)
            ReadMark.objects.filter(pk=mark.pk).update(created_at=marked_at)
    return cut
