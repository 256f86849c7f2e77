"""What the pages of a source are made of: the rows that a file's or a folder's page, and every right behind it, are read from.

The state is compared, never shown: two that are equal make the same page for the same person (transparency/web/kept_pages.py). Whoever
lets such a page read another table adds it here; tests/web/test_kept_pages.py holds the pages to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils import timezone

from reviews.models import Engagement, Note, ReadMark
from reviews.models.engagement import Acceptance
from reviews.rules.rows import ROWS_VERSION
from reviews.services.locate_region import is_text
from reviews.services.remember_place import last_place
from transparency.models import Grant, Product, Release
from transparency.permissions import rights_by_work
from transparency.prepared import Prepared, columns_of
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.escaping import unescape_path
from transparency.queries import file_table_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.db.models import QuerySet

    from transparency.models import Person
    from transparency.proofs.filetable import FileEntry

NOTHING = (
    "none"  # the content of a path that is not there: as much is asked for it, or a clock would tell which paths are
)
_NAMES = ("first_name", "last_name", "username", "organisation_id", "organisation__name")


def _people(through: str) -> tuple[str, ...]:
    return tuple(f"{through}__{name}" for name in _NAMES)


def _of_engagements(product: int) -> QuerySet[Any, Any]:
    rows = Engagement.objects.filter(release__product=product).order_by("pk")
    release = ("release_id", "release__version", "release__subject_id")
    authority = ("authority_id", "authority__name", "authority__kind")
    return rows.values_list("starts_at", "ends_at", "pk", "digest", "created_at", *release, *authority)


def _of_teams(product: int) -> QuerySet[Any, Any]:
    rows = Engagement.objects.filter(release__product=product, auditors__isnull=False)
    return rows.order_by("pk", "auditors__pk").values_list("pk", "auditors__pk", *_people("auditors"))


def _of_acceptances(product: int, person: int) -> QuerySet[Any, Any]:
    rows = Acceptance.objects.filter(engagement__release__product=product, person=person)
    return rows.order_by("pk").values_list("pk", "engagement_id")


def _of_grants(product: int, person: int, organisation: int) -> QuerySet[Any, Any]:
    here, theirs = Q(product=product) | Q(release__product=product), Q(person=person) | Q(organisation=organisation)
    return (
        Grant.objects.filter(here, theirs).order_by("pk").values_list("valid_from", "valid_until", *columns_of(Grant))
    )


def _of_release(slug: str, version: str) -> QuerySet[Any, Any]:
    rows = Release.objects.filter(product__slug=slug, version=version).order_by()
    subject = ("subject_id", "subject__file_table", "subject__files")
    product = ("product__name", "product__visibility", "product__vendor_id", "product__vendor__name")
    return rows.values_list("pk", "product_id", *subject, *product)


def _of_content(model: type[Note | ReadMark], *people: str) -> Callable[[int, str], QuerySet[Any, Any]]:
    columns = (*columns_of(model), *(name for person in people for name in _people(person)))
    return lambda product, blob: model.objects.filter(product=product, blob=blob).order_by("pk").values_list(*columns)


def _of_notes(product: int) -> QuerySet[Any, Any]:
    # Without the text, which never changes without the time of its change.
    columns = (*columns_of(Note, "text"), *_people("author"), *_people("resolved_by"))
    return Note.objects.filter(product=product).order_by("pk").values_list(*columns)


def _of_marks(product: int, authority: int) -> QuerySet[Any, Any]:
    rows = ReadMark.objects.filter(product=product, engagement__authority=authority).order_by("pk")
    return rows.values_list("pk", "blob", "start", "end", "level", "author_id")


_release = Prepared(_of_release, str, str)
_grants = Prepared(_of_grants, int, int, int, converted=True)
_engagements = Prepared(_of_engagements, int, converted=True)
_teams = Prepared(_of_teams, int)
_acceptances = Prepared(_of_acceptances, int, int)
_notes_on_content = Prepared(_of_content(Note, "author", "resolved_by"), int, str)
_marks_on_content = Prepared(_of_content(ReadMark, "author"), int, str)
_notes, _marks = Prepared(_of_notes, int), Prepared(_of_marks, int, int)


@dataclass(frozen=True, slots=True)
class RoomState:
    """`digest` stands for all of it; `release` is the number of its row, `lines` those of the file (0 where it is no text)."""

    digest: str
    release: int
    lines: int = 0


def file_state(person: Person, product: str, version: str, path: str) -> RoomState | None:
    """Of a file of a release's subject; None where there is no such file, or for whoever may know nothing of the product."""
    for release, number, subject, table, *_ in (found := _release(product, version)):
        rights = _rights(person, found[0])
        if rights is None or not subject:
            return None
        entry = _entry(f"p{number}", table, path)
        blob = entry.sha256.hex if entry else NOTHING
        content = (_notes_on_content(number, blob), _marks_on_content(number, blob))
        digest = _digest(found, rights, content)
        return RoomState(digest, release, entry.lines if is_text(entry) else 0) if entry else None
    return None


def folder_state(person: Person, product: str, version: str) -> RoomState | None:
    """Of all folders of a release's subject: what lies below one counts as well. None for whoever may know nothing of the product."""
    for release, number, *_ in (found := _release(product, version)):
        rights = _rights(person, found[0])
        if rights is None:
            return None
        work = (_notes(number), _marks(number, person.organisation_id or 0), last_place(person.pk, release))
        return RoomState(_digest(found, rights, work), release)
    return None


def _rights(person: Person, found: tuple[Any, ...]) -> tuple[object, ...] | None:
    """None for whoever has nothing to do with the product: no clock may tell them what of it there is, nor an error of its stores."""
    now = timezone.now()
    _, product, *_, visibility, vendor, _ = found
    granted = _grants(product, person.pk, person.organisation_id or 0)
    if not granted and not rights_by_work(person.organisation, Product(visibility=visibility, vendor_id=vendor)):
        return None
    return (
        [(_turn(row[0], now), _turn(row[1], now), row) for row in granted],
        [(_turn(row[0], now), _turn(row[1], now), row) for row in _engagements(product)],
        _teams(product),
        _acceptances(product, person.pk),
    )


def _turn(moment: datetime | None, now: datetime) -> int | None:
    """Whether something begins or ends later (1), just now (0) or did so before (-1): a right can end without a row that changes."""
    return None if moment is None else (moment > now) - (moment < now)


def _entry(compartment: str, table: str, path: str) -> FileEntry | None:
    try:
        return file_table_of(compartment, table).find(unescape_path(path))
    except EvidenceError:  # no spelling of a path
        return None


def _digest(*parts: object) -> str:
    return Digest.of(repr((ROWS_VERSION, parts)).encode("utf-8", "surrogatepass")).hex
