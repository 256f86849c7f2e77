"""Load what coverage is counted from: an engagement's scope, the files of a snapshot in it, the marks of an authority.

Nothing here asks who wants to know; queries.py and the services that call this do.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, cast

from reviews.models import ReadMark
from reviews.rules.anchor import Region
from reviews.rules.coverage import Mark, ScopedFile, ScopedTree
from reviews.rules.scope import Exclusion, Scope
from reviews.services.locate_region import REGULAR_MODES, is_text
from transparency.models import Snapshot
from transparency.proofs.escaping import escape_path
from transparency.queries import open_file_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reviews.models import Engagement
    from reviews.rules.coverage import Level
    from transparency.models import Organisation, Person, Product
    from transparency.proofs.filetable import FileEntry

OPEN_TREES = 8  # that of a scope over 80,000 files takes some 40 MB


def load_scope(engagement: Engagement) -> Scope:
    """The engagement's scope as a value."""
    exclude = (Exclusion(each["glob"], each["reason"]) for each in engagement.exclude)
    return Scope(include=tuple(engagement.include), exclude=tuple(exclude))


def load_tree(snapshot: Snapshot, scope: Scope) -> ScopedTree:
    """The files of a snapshot that are in scope, with the totals of each folder."""
    return _tree(snapshot.pk, snapshot.file_table, scope)


def load_files(snapshot: Snapshot) -> Iterator[ScopedFile]:
    """Every regular file of a snapshot, in the order of its paths."""
    for entry in open_file_table(snapshot):
        if entry.mode in REGULAR_MODES:
            yield scoped_file(entry, escape_path(entry.path))


def load_marks(*, authority: Organisation, product: Product, person: Person | None = None) -> list[Mark]:
    """The marks of an authority's people on a product, those of earlier releases among them."""
    rows = ReadMark.objects.filter(engagement__authority=authority, product=product)
    if person is not None:
        rows = rows.filter(author=person)
    return [
        Mark(blob, Region(start, end), cast("Level", level), author)
        for blob, start, end, level, author in rows.values_list("blob", "start", "end", "level", "author_id")
    ]


def mark_of(row: ReadMark) -> Mark:
    """A stored mark as a value."""
    return Mark(row.blob, Region(row.start, row.end), cast("Level", row.level), row.author_id)


@lru_cache(maxsize=OPEN_TREES)
def _tree(snapshot: int, file_table: str, scope: Scope) -> ScopedTree:
    row = Snapshot.objects.select_related("product").get(pk=snapshot, file_table=file_table)
    return ScopedTree(_scoped_files(open_file_table(row), scope))


def _scoped_files(entries: Iterable[FileEntry], scope: Scope) -> Iterator[ScopedFile]:
    for entry in entries:
        path = escape_path(entry.path)
        if entry.mode in REGULAR_MODES and scope.covers(path):
            yield scoped_file(entry, path)


def scoped_file(entry: FileEntry, path: str) -> ScopedFile:
    """A row of a file table as coverage counts it; `path` is its own, escaped."""
    return ScopedFile(path, entry.sha256.hex, entry.size, entry.lines if is_text(entry) else None)
