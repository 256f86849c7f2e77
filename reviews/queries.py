"""Reads: what was read of a release, and what people wrote and marked on a file, for those who may know.

Reading detail and notes belong to the authority whose people made them. Every function that gives them away takes the
person who asks and refuses (or finds nothing) for anybody else, the vendor and the operator among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from reviews.models import Engagement, Note, ReadMark, Statement
from reviews.permissions import authority_of, may_read_notes
from reviews.rules.anchor import Region
from reviews.rules.coverage import Mark, ScopedFile, ScopedTree
from reviews.rules.scope import Exclusion, Scope
from reviews.services.locate_region import REGULAR_MODES, is_text
from transparency.errors import EvidenceError, NotAllowedError
from transparency.models import Snapshot
from transparency.permissions import Right, may
from transparency.proofs.escaping import escape_path, unescape_path
from transparency.queries import open_file_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.db.models import QuerySet

    from reviews.rules.coverage import Level, Reading
    from transparency.models import Organisation, Person, Product, Release
    from transparency.permissions import Someone
    from transparency.proofs.filetable import FileEntry

OPEN_SCOPES = 8  # the tree of a scope over 80,000 files takes some 40 MB


def engagements_of(person: Person) -> list[Engagement]:
    """The engagements that a person works in and still has the right to."""
    own = Engagement.objects.filter(auditors=person, authority=person.organisation)
    rows = own.select_related("authority", "release__product__vendor", "release__subject")
    return [row for row in rows if may(person, Right.REVIEW, row.release)]


def scope_of(engagement: Engagement) -> Scope:
    """The engagement's scope as a value."""
    exclude = (Exclusion(each["glob"], each["reason"]) for each in engagement.exclude)
    return Scope(include=tuple(engagement.include), exclude=tuple(exclude))


def scoped_tree(snapshot: Snapshot, scope: Scope) -> ScopedTree:
    """The files of a snapshot that are in scope, with the totals of each folder."""
    return _scoped_tree(snapshot.pk, snapshot.file_table, scope)


def reading_of(*, asked_by: Person, engagement: Engagement, person: Person | None = None) -> Reading:
    """What the authority (or one of its people) read of the engagement's scope: ask it by folder and by file.

    Raises `reading-private` for everybody outside the authority, `release-without-subject`.
    """
    if not may_read_notes(asked_by, engagement):
        raise NotAllowedError("reading-private", expected=f"a reviewer of {engagement.authority.slug}")
    snapshot = engagement.release.subject
    if snapshot is None:
        raise EvidenceError("release-without-subject", expected="a release with an admitted source", found="none")
    marks = marks_of(authority=engagement.authority, product=engagement.release.product, person=person)
    return scoped_tree(snapshot, scope_of(engagement)).reading(marks)


def marks_of(*, authority: Organisation, product: Product, person: Person | None = None) -> list[Mark]:
    """The marks of an authority's people on a product, those of earlier releases among them."""
    rows = ReadMark.objects.filter(engagement__authority=authority, product=product)
    if person is not None:
        rows = rows.filter(author=person)
    return [
        Mark(blob, Region(start, end), cast("Level", level), author)
        for blob, start, end, level, author in rows.values_list("blob", "start", "end", "level", "author_id")
    ]


def marks_on(*, asked_by: Someone, release: Release, snapshot: Snapshot, path: str) -> list[ReadMark]:
    """The marks of the asking person's authority on a file's content, whichever release they were made in."""
    found = _content_for(asked_by, release, snapshot, path)
    if found is None:
        return []
    rows = ReadMark.objects.filter(product=release.product, blob=found.blob, engagement__authority=found.authority)
    return list(rows.select_related("author").order_by("start", "pk"))


def notes_on(*, asked_by: Someone, release: Release, snapshot: Snapshot, path: str) -> list[Note]:
    """The notes of the asking person's authority on a file's content. One on a place that the person may not read is left out."""
    found = _content_for(asked_by, release, snapshot, path)
    if found is None:
        return []
    rows = Note.objects.filter(product=release.product, blob=found.blob, engagement__authority=found.authority)
    return [
        note
        for note in rows.filter(deleted_at__isnull=True).select_related("author").order_by("start", "pk")
        if note.path == path or may(asked_by, Right.REVIEW, release, path=note.path)
    ]


def statements_waiting(person: Person) -> QuerySet[Statement]:
    """Statements handed out to this person that have not come back signed."""
    rows = Statement.objects.filter(reviewer=person, attestation__isnull=True)
    return rows.select_related("engagement__authority", "engagement__release__product", "anchor")


@dataclass(frozen=True, slots=True)
class _Content:
    blob: str
    authority: Organisation


def _content_for(asked_by: Someone, release: Release, snapshot: Snapshot, path: str) -> _Content | None:
    """The file's content and whose notes on it the person may see; None: nobody's."""
    authority = authority_of(asked_by)
    if authority is None or snapshot.product_id != release.product_id:
        return None
    if not may(asked_by, Right.REVIEW, release, path=path):
        return None
    entry = open_file_table(snapshot).find(unescape_path(path))
    return _Content(entry.sha256.hex, authority) if entry else None


@lru_cache(maxsize=OPEN_SCOPES)
def _scoped_tree(snapshot: int, file_table: str, scope: Scope) -> ScopedTree:
    row = Snapshot.objects.select_related("product").get(pk=snapshot, file_table=file_table)
    return ScopedTree(_scoped_files(open_file_table(row), scope))


def _scoped_files(entries: Iterable[FileEntry], scope: Scope) -> Iterator[ScopedFile]:
    for entry in entries:
        path = escape_path(entry.path)
        if entry.mode in REGULAR_MODES and scope.covers(path):
            yield ScopedFile(path, entry.sha256.hex, entry.size, entry.lines if is_text(entry) else None)
