"""How two trees differ: in counts from their file tables, and file by file where a comparison was made (services/compare_snapshots.py).

Who may know of which path is the caller's question: `files_of` gives every file away.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from transparency.models import Snapshot
from transparency.proofs.comparisons.result import MAX_RESULT_BYTES, Result, parse_result
from transparency.proofs.comparisons.tables import TreeCounts, compare_tables
from transparency.proofs.digest import Digest
from transparency.proofs.escaping import escape_path
from transparency.queries import open_file_table
from transparency.services.stores import objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transparency.models import Comparison, Delivery
    from transparency.proofs.comparisons.classes import Difference
    from transparency.proofs.filetable import FileEntry, FileTable

REMEMBERED = 256
OPEN_RESULTS = 8


@dataclass(frozen=True, slots=True)
class ComparedFile:
    """A file that is not the same in both trees, and the `.gitattributes` (of the first tree) and line that account for it."""

    found: Difference
    first: FileEntry | None
    second: FileEntry | None
    rule_file: str = ""
    rule_line: int = 0

    @property
    def first_path(self) -> str:
        return escape_path(self.first.path) if self.first else ""

    @property
    def second_path(self) -> str:
        return escape_path(self.second.path) if self.second else ""


def difference_from_subject(delivery: Delivery) -> TreeCounts | None:
    """First the subject, then the delivery's snapshot; None where there are not two trees. Raises what opening a file table raises."""
    subject, own = delivery.release.subject_id, delivery.snapshot_id
    return _counts(subject, own) if subject and own and subject != own else None


def result_of(comparison: Comparison) -> Result:
    """What was found, as it was kept (`object-damaged`, `object-missing`, `comparison-malformed`)."""
    return _result(comparison.first.product.store_key, comparison.result)


def files_of(comparison: Comparison, start: int = 0, end: int | None = None) -> Iterator[ComparedFile]:
    """Every file that is not the same, or those from `start` to `end`, in the order in which people should look at them."""
    first, second = open_file_table(comparison.first), open_file_table(comparison.second)
    return (_file(found, first, second) for found in result_of(comparison).files[start:end])


def _file(found: Difference, first: FileTable, second: FileTable) -> ComparedFile:
    return ComparedFile(
        found,
        None if found.first is None else first.entry(found.first),
        None if found.second is None else second.entry(found.second),
        escape_path(first.path(found.by[0])) if found.by else "",
        found.by[1] if found.by else 0,
    )


@lru_cache(maxsize=OPEN_RESULTS)
def _result(compartment: str, digest: str) -> Result:
    return parse_result(objects().read(compartment, Digest.parse(digest), limit=MAX_RESULT_BYTES))


@lru_cache(maxsize=REMEMBERED)
def _counts(first: int, second: int) -> TreeCounts:
    """Snapshots never change, so neither does the answer."""
    rows = {row.pk: row for row in Snapshot.objects.select_related("product").filter(pk__in=(first, second))}
    return compare_tables(open_file_table(rows[first]), open_file_table(rows[second])).counts
