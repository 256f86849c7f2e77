"""What waits for an auditor: engagements with the next thing to read, answers to one's notes, statements to sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reviews.models import LastPlace, Note
from reviews.permissions import Phase, has_accepted, phase_of
from reviews.queries import engagements_of, reading_of, statements_waiting
from reviews.web.note_places import address_of
from reviews.web.places import readable, release_address
from transparency.proofs.escaping import unescape_path
from transparency.queries import open_file_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from reviews.models import Engagement
    from reviews.rules.coverage import Share
    from transparency.models import Person

ANSWERS = 5


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file that one may go on with; `when` one was there."""

    path: str
    line: int
    address: str
    when: datetime | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """An engagement with what its authority read of it; `after` is the next unread place, `stopped` where the person was last.

    `accepted`: the person has no terms to accept any more. Of one that is over nothing is left to read: its page tells what was read.
    """

    engagement: Engagement
    share: Share | None
    after: Place | None
    stopped: Place | None
    accepted: bool
    over: bool


def auditors_home(person: Person) -> dict[str, Any]:
    engagements = engagements_of(person)
    stopped = {row.release_id: row for row in LastPlace.objects.filter(person=person)} if engagements else {}
    return {
        "work": [_work(person, row, stopped) for row in engagements],
        "answers": [(note, address_of(note)) for note in _answers(person, engagements)],
        "statements": statements_waiting(person),
        "has_key": person.anchors.exists(),
    }


def _work(person: Person, engagement: Engagement, stopped: Mapping[int, LastPlace]) -> Work:
    accepted, over = has_accepted(person, engagement), phase_of(engagement) is Phase.OVER
    if engagement.release.subject is None or over:
        return Work(engagement, None, None, None, accepted, over)
    reading = reading_of(asked_by=person, engagement=engagement)
    found = reading.next_unread()
    after = _place(engagement, found[0].path, found[1]) if found else None
    place = _stopped(engagement, stopped.get(engagement.release_id))
    return Work(engagement, reading.share_of(""), after, place, accepted, over)


def _stopped(engagement: Engagement, row: LastPlace | None) -> Place | None:
    """Only where the file is still in the source: another delivery may be the subject by now."""
    subject = engagement.release.subject
    if row is None or subject is None or open_file_table(subject).find(unescape_path(row.path)) is None:
        return None
    return _place(engagement, row.path, row.line, row.seen_at)


def _place(engagement: Engagement, path: str, line: int, when: datetime | None = None) -> Place:
    address = release_address("file", engagement.release, path)
    return Place(readable(path), line, f"{address}#L{line}", when)


def _answers(person: Person, engagements: Sequence[Engagement]) -> list[Note]:
    """What others wrote to open threads that this person began, newest first."""
    rows = Note.objects.filter(thread__author=person, thread__resolved_at__isnull=True, deleted_at__isnull=True)
    rows = rows.filter(thread__engagement__in=[row.pk for row in engagements]).exclude(author=person)
    related = ("author__organisation", "engagement__release__product")
    return list(rows.select_related(*related).order_by("-created_at")[:ANSWERS])
