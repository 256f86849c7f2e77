"""The rows of a folder's page: its folders and files with their sizes, notes and the share read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from django.template.loader import get_template

from reviews.permissions import may_read_notes
from reviews.queries import reading_of
from reviews.rules.coverage import cover
from reviews.services.load_reading import load_scope, load_tree, mark_of, scoped_file
from reviews.services.locate_region import is_text
from reviews.threads import open_notes
from reviews.web.places import address_maker, readable
from transparency.proofs.escaping import escape_path, unescape_path
from transparency.proofs.filetable import FolderEntry
from transparency.queries import list_folder, open_file_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reviews.models import Engagement, Note, ReadMark
    from reviews.rules.coverage import Reading, Share
    from reviews.rules.scope import Scope
    from reviews.web.access import Readable
    from transparency.models import Person, Release, Snapshot
    from transparency.proofs.filetable import FileEntry, FileTable

KEPT_ROWS = 8192
KINDS = {0o120000: "symbolic link", 0o160000: "submodule"}


@dataclass(frozen=True, slots=True)
class Row:
    """One child as the page shows it. `lines` is None where it has none, `share` outside an engagement and its scope."""

    name: str
    address: str
    kind: str
    size: int
    lines: int | None
    notes: int = 0
    share: Share | None = None
    files: int = 1
    is_folder: bool = False


class Work:
    """What the person's authority did on a release, asked by path: marks within an engagement, open threads for whoever reads them."""

    def __init__(self, person: Person, engagement: Engagement | None, release: Release, snapshot: Snapshot) -> None:
        self._person, self._release, self._snapshot = person, release, snapshot
        self._engagement = engagement if engagement and may_read_notes(person, engagement) else None
        self._scope = load_scope(engagement) if engagement else None

    def share_of(self, folder: str) -> Share | None:
        return self._reading.share_of(folder) if self._reading else None

    def covers(self, path: str) -> bool:
        """Whether the path is in the engagement's scope."""
        return self._scope is not None and self._scope.covers(path)

    def share_of_file(self, entry: FileEntry, path: str) -> Share | None:
        if self._reading is None or not self.covers(path):
            return None
        return self._reading.share_of_file(scoped_file(entry, path))

    def share_by(self, marks: Iterable[ReadMark], entry: FileEntry, path: str) -> Share | None:
        """As `share_of_file`, from the authority's marks on this one file, without asking for those on all others."""
        if self._engagement is None or not self.covers(path):
            return None
        return cover([scoped_file(entry, path)], [mark_of(mark) for mark in marks])

    def notes_on(self, path: str) -> int:
        """Open threads on a file, or on a folder and everything below it."""
        return self._notes.get(path, 0)

    @cached_property
    def _reading(self) -> Reading | None:
        return reading_of(asked_by=self._person, engagement=self._engagement) if self._engagement else None

    @cached_property
    def _notes(self) -> Mapping[str, int]:
        counts: Counter[str] = Counter()
        for path in _noted_paths(open_notes(asked_by=self._person, release=self._release), self._snapshot, self._scope):
            counts.update({path, *(folder_of(path, depth) for depth in range(path.count("/") + 1))})
        return counts


@lru_cache(maxsize=KEPT_ROWS)
def row_html(row: Row, *, engaged: bool, sees_notes: bool) -> str:
    """The row of a folder's table. What it shows is its own key, so a kept row is never out of date."""
    return get_template("reviews/tree_row.html").render({"row": row, "engagement": engaged, "sees_notes": sees_notes})


def folder_of(path: str, depth: int) -> str:
    """The folder that a path is in, `depth` parts deep; "" is the top."""
    return "/".join(path.split("/")[:depth])


def rows_of(
    release: Release,
    snapshot: Snapshot,
    folder: bytes,
    may_read: Readable,
    work: Work,
    *,
    withdrawn: int | None = None,
) -> list[Row]:
    """The children that the person may read, folders first."""
    folder_address = address_maker("folder", release, withdrawn=withdrawn)
    file_address = address_maker("file", release, withdrawn=withdrawn)
    table, listing = open_file_table(snapshot), list_folder(snapshot, folder)
    folders = [(item, escape_path(item.path)) for item in listing.folders]
    files = [(item, escape_path(item.path)) for item in listing.files]
    return [
        _folder_row(
            folder_address(path), item if may_read.file(path) else _opened(table, item, path, may_read), path, work
        )
        for item, path in folders
        if may_read.folder(path)
    ] + [_file_row(file_address(path), item, path, work) for item, path in files if may_read.file(path)]


def _opened(table: FileTable, item: FolderEntry, path: str, may_read: Readable) -> FolderEntry:
    """A folder that only leads to what the person may read, with the totals of that alone."""
    parts = [table.totals(unescape_path(each)) for each in may_read.granted_below(path)]
    return FolderEntry(
        item.path,
        sum(each.files for each in parts),
        sum(each.size for each in parts),
        sum(each.lines for each in parts),
    )


def _folder_row(address: str, item: FolderEntry, path: str, work: Work) -> Row:
    return Row(
        name=_name(path),
        address=address,
        kind="folder",
        size=item.size,
        lines=item.lines,
        notes=work.notes_on(path),
        share=work.share_of(path),
        files=item.files,
        is_folder=True,
    )


def _file_row(address: str, entry: FileEntry, path: str, work: Work) -> Row:
    return Row(
        name=_name(path),
        address=address,
        kind=kind_of(entry),
        size=entry.size,
        lines=entry.lines if is_text(entry) else None,
        notes=work.notes_on(path),
        share=work.share_of_file(entry, path),
    )


def kind_of(entry: FileEntry) -> str:
    return KINDS.get(entry.mode, "not text" if entry.binary else entry.language or "text")


def _name(path: str) -> str:
    return readable(path.rpartition("/")[2])


def _noted_paths(notes: Iterable[Note], snapshot: Snapshot, scope: Scope | None) -> Iterator[str]:
    """Each path that has a note. Those on content are on every file in scope that has it; without a scope, on the one they name."""
    tree = load_tree(snapshot, scope) if scope else None
    for note in notes:
        if not note.blob:
            if note.snapshot_id == snapshot.pk:
                yield note.path
            continue
        copies = tree.files_of(note.blob) if tree else []
        yield from [file.path for file in copies] or [note.path]
