"""Reads: threads of notes, each for the person who asks. What the person may not read is left out and not counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q

from reviews.models import Engagement, Note
from reviews.note_rights import OUTWARD, is_of_vendor, is_public, may_read_thread, rights_key
from reviews.permissions import authority_of
from transparency.models import Person
from transparency.permissions import Right, may
from transparency.proofs.escaping import unescape_path
from transparency.queries import open_file_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from transparency.models import Product, Release, Snapshot
    from transparency.permissions import Someone

LISTED = 500
_ON_CONTENT = (Note.About.REGION, Note.About.FILE)
_ENGAGEMENT = ("authority", "release__product__vendor")


@dataclass(frozen=True, slots=True)
class Thread:
    """A note and its replies, oldest first. Deleted replies are not among them; a deleted first note keeps its place for their sake."""

    first: Note
    replies: tuple[Note, ...]

    @property
    def notes(self) -> tuple[Note, ...]:
        return self.replies if self.first.deleted_at else (self.first, *self.replies)


def threads_on(*, asked_by: Someone, release: Release, snapshot: Snapshot, path: str) -> list[Thread]:
    """On a file: its lines and itself. They hang on the content, whichever release they were written in."""
    if snapshot.product_id != release.product_id or not may(asked_by, Right.READ_SOURCE, release, path=path):
        return []
    entry = open_file_table(snapshot).find(unescape_path(path))
    if entry is None:
        return []
    rows = _rows().filter(product=release.product_id, blob=entry.sha256.hex, about__in=_ON_CONTENT)
    return _threads(rows, asked_by, release)


def threads_of_folder(*, asked_by: Someone, release: Release, snapshot: Snapshot, path: str = "") -> list[Thread]:
    """On a folder itself, or with no path on the whole source. They belong to this one source."""
    if snapshot.product_id != release.product_id:
        return []
    about = Note.About.FOLDER if path else Note.About.SNAPSHOT
    return _threads(_rows().filter(snapshot=snapshot, about=about, path=path), asked_by, release)


def thread_of(*, asked_by: Someone, note: int) -> Thread | None:
    """The thread that a note is in; None where there is none for this person."""
    row = Note.objects.filter(pk=note).values_list("pk", "thread").first()
    if row is None:
        return None
    return next(iter(_threads(_rows().filter(Q(pk=row[1] or row[0]) | Q(thread=row[1] or row[0])), asked_by)), None)


def public_threads(*, asked_by: Someone, release: Release) -> list[Thread]:
    """What auditors published about a release: of an open product, for whoever may know of it."""
    rows = _rows().filter(engagement__release=release, visibility=Note.Visibility.PUBLIC)
    return [thread for thread in _threads(rows, asked_by) if is_public(thread.first)][:LISTED]


def questions_of(*, asked_by: Someone, product: Product) -> list[Thread]:
    """The threads of a product that its vendor may read, as far as the person who asks may: open ones first, then newest."""
    rows = _rows().filter(product=product, visibility__in=OUTWARD)
    found = sorted(
        _threads(rows, asked_by), key=lambda thread: (thread.first.resolved_at is not None, -thread.first.pk)
    )
    return found[:LISTED]


def open_notes(*, asked_by: Someone, release: Release) -> list[Note]:
    """The first notes of open threads on a product, for its vendor or for the authority that wrote them."""
    rows = _open_rows(asked_by, release)
    right = Right.READ_SOURCE if is_of_vendor(asked_by, release.product) else Right.REVIEW
    if may(asked_by, right, release):
        return list(rows)
    return [note for note in rows if may(asked_by, right, release, path=note.path)]


def _open_rows(asked_by: Someone, release: Release) -> QuerySet[Note]:
    answered = Exists(Note.objects.filter(thread=OuterRef("pk"), deleted_at__isnull=True))
    rows = Note.objects.filter(product=release.product_id, thread__isnull=True, resolved_at__isnull=True)
    rows = rows.filter(Q(deleted_at__isnull=True) | answered).only("about", "blob", "path", "snapshot")
    if is_of_vendor(asked_by, release.product):
        return rows.filter(visibility__in=OUTWARD)
    authority = authority_of(asked_by)
    if authority is None or not isinstance(asked_by, Person):
        return rows.none()
    kinds = Note.Visibility
    wide = Q(visibility__in=(kinds.AUTHORITY, kinds.VENDOR, kinds.PUBLIC)) | Q(
        visibility=kinds.MINE, author_id=asked_by.pk
    )
    team = Q(visibility=kinds.TEAM, engagement__in=asked_by.engagements.values("pk"))
    return rows.filter(wide | team, engagement__authority=authority)


def _rows() -> QuerySet[Note]:
    return Note.objects.order_by("start", "pk")


def _joined(rows: Iterable[Note]) -> list[Note]:
    """The notes with their people and engagements, each of these loaded once however many notes name it."""
    notes = list(rows)
    engagements = Engagement.objects.select_related(*_ENGAGEMENT).in_bulk({note.engagement_id for note in notes})
    named = {note.author_id for note in notes} | {note.resolved_by_id for note in notes if note.resolved_by_id}
    people = Person.objects.select_related("organisation").in_bulk(named)
    for note in notes:
        note.engagement, note.author = engagements[note.engagement_id], people[note.author_id]
        if note.resolved_by_id:
            note.resolved_by = people[note.resolved_by_id]
    return notes


def _threads(rows: Iterable[Note], asked_by: Someone, release: Release | None = None) -> list[Thread]:
    """Those that may be read, in the order of the rows; replies follow the note that they name."""
    firsts: list[Note] = []
    replies: dict[int, list[Note]] = {}
    for note in _joined(rows):
        if note.thread_id is None:
            firsts.append(note)
        elif note.deleted_at is None:
            replies.setdefault(note.thread_id, []).append(note)
    found = []
    readable: dict[tuple[object, ...], bool] = {}
    for first in firsts:
        answers = tuple(sorted(replies.get(first.pk, ()), key=lambda note: note.pk))
        key = rights_key(first)
        if key not in readable:
            readable[key] = may_read_thread(asked_by, first, release=release)
        if (answers or first.deleted_at is None) and readable[key]:
            for note in answers:
                note.thread = first
            found.append(Thread(first, answers))
    return found
