"""How far the reading of an engagement has come: folder by folder, person by person, and what stays unread.

All of it belongs to the authority: it is counted for its own people who may review the release, and refused to everybody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nsmallest
from typing import TYPE_CHECKING

from reviews.permissions import has_accepted, require_reading
from reviews.services.load_reading import load_marks, load_scope, load_tree, scoped_file
from reviews.services.locate_region import REGULAR_MODES
from transparency.models import Person
from transparency.proofs.escaping import escape_path, unescape_path
from transparency.queries import open_file_table

if TYPE_CHECKING:
    from reviews.models import Engagement
    from reviews.rules.coverage import Share
    from transparency.proofs.filetable import FileEntry

NEXT_FILES = 10


@dataclass(frozen=True, slots=True)
class PlaceRead:
    """A folder or file in scope; `examined`: lines of it that somebody examined closely."""

    path: str
    share: Share
    examined: int
    is_folder: bool


@dataclass(frozen=True, slots=True)
class PersonRead:
    """What one of the authority's people read of the scope."""

    person: Person
    share: Share
    examined: int
    on_team: bool
    accepted: bool


class Progress:
    """Asked by one person about one engagement. Raises `reading-private`, `release-without-subject`."""

    def __init__(self, *, asked_by: Person, engagement: Engagement) -> None:
        self._engagement, self._snapshot = engagement, require_reading(asked_by, engagement)
        self._scope = load_scope(engagement)
        self._tree = load_tree(self._snapshot, self._scope)
        self._marks = load_marks(authority=engagement.authority, product=engagement.release.product)
        self._read = self._tree.reading(self._marks)
        self._examined = self._tree.reading(mark for mark in self._marks if mark.level == "examined")

    def of_folder(self, folder: str = "") -> PlaceRead:
        """What was read of a folder with all that is below it; `""` is the whole scope."""
        return PlaceRead(folder, self._read.share_of(folder), self._examined.share_of(folder).read, is_folder=True)

    def children(self, folder: str = "") -> list[PlaceRead]:
        """Folders and files right below a folder that are in scope, those with the most unread lines first."""
        listing = open_file_table(self._snapshot).listing(unescape_path(folder))
        found = [self.of_folder(escape_path(item.path)) for item in listing.folders]
        found += [self._of_file(item) for item in listing.files if self._is_in_scope(item)]
        return sorted(
            (place for place in found if place.share.files), key=lambda place: (-place.share.unread, place.path)
        )

    def people(self) -> list[PersonRead]:
        """The team, and whoever else of the authority marked something in scope; who read most comes first."""
        team = set(self._engagement.auditors.values_list("pk", flat=True))
        marked = {mark.person for mark in self._marks if self._tree.files_of(mark.blob)}
        rows = [self._of_person(person, team) for person in Person.objects.filter(pk__in=team | marked)]
        return sorted(rows, key=lambda row: (not row.on_team, -row.share.read, row.person.get_username()))

    def next_files(self, folder: str = "", count: int = NEXT_FILES) -> list[PlaceRead]:
        """Files with unread lines: those that somebody began first, then in the order of their paths."""
        unread = (
            (not share.read, file.path, file, share)
            for file in self._tree.texts
            if (not folder or file.path.startswith(f"{folder}/")) and (share := self._read.share_of_file(file)).unread
        )
        chosen = nsmallest(count, unread, key=lambda each: each[:2])
        return [
            PlaceRead(path, share, self._examined.share_of_file(file).read, is_folder=False)
            for _, path, file, share in chosen
        ]

    def _of_person(self, person: Person, team: set[int]) -> PersonRead:
        own = [mark for mark in self._marks if mark.person == person.pk]
        examined = self._tree.reading(mark for mark in own if mark.level == "examined")
        return PersonRead(
            person,
            self._tree.reading(own).share_of(""),
            examined.share_of("").read,
            on_team=person.pk in team,
            accepted=has_accepted(person, self._engagement),
        )

    def _of_file(self, entry: FileEntry) -> PlaceRead:
        file = scoped_file(entry, escape_path(entry.path))
        return PlaceRead(
            file.path, self._read.share_of_file(file), self._examined.share_of_file(file).read, is_folder=False
        )

    def _is_in_scope(self, entry: FileEntry) -> bool:
        return entry.mode in REGULAR_MODES and self._scope.covers(escape_path(entry.path))
