"""How two trees differ: in counts from their file tables, and file by file where a comparison was made (services/compare_snapshots.py).

Who may know of which path is the caller's question: `files_of` gives every file away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from transparency.known_files import newest_known, recognise
from transparency.models import Comparison, Delivery, Snapshot
from transparency.proofs.comparisons.classes import FileClass
from transparency.proofs.comparisons.result import MAX_RESULT_BYTES, count_classes, parse_result
from transparency.proofs.comparisons.tables import TreeCounts, compare_tables
from transparency.proofs.digest import Digest
from transparency.proofs.escaping import escape_path
from transparency.queries import open_file_table
from transparency.services.stores import objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from transparency.known_files import Recognised
    from transparency.proofs.comparisons.classes import Difference
    from transparency.proofs.filetable import FileEntry, FileTable

REMEMBERED = 256
OPEN_RESULTS = 8


@dataclass(frozen=True, slots=True)
class Findings:
    """A comparison as it stands with what the catalogue knows today. Places in `files` are those of the result, and never change."""

    same: int
    files: tuple[Difference, ...]
    known: Mapping[int, Recognised]

    @property
    def counts(self) -> dict[str, int]:
        return count_classes(self.same, self.files)

    @property
    def unexplained(self) -> int:
        return sum(not each.is_explained for each in self.files)

    def in_order(self, places: Iterable[int]) -> list[int]:
        """What people should look at first."""
        return sorted(places, key=lambda place: (self.files[place].order, place))


@dataclass(frozen=True, slots=True)
class ComparedFile:
    """A file that is not the same in both trees, and the `.gitattributes` (of the first tree) and line that account for it."""

    found: Difference
    first: FileEntry | None
    second: FileEntry | None
    known: Recognised | None
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


def findings_of(comparison: Comparison) -> Findings:
    """What was found, as it was kept, with what is known now (`object-damaged`, `object-missing`, `comparison-malformed`)."""
    return _findings(comparison.pk, comparison.result, newest_known(), made_by_patches=_made_by_patches(comparison))


def files_of(comparison: Comparison, places: Iterable[int] | None = None) -> Iterator[ComparedFile]:
    """The files at these places; without any all of them, in the order in which people should look at them."""
    first, second = open_file_table(comparison.first), open_file_table(comparison.second)
    findings = findings_of(comparison)
    wanted = findings.in_order(range(len(findings.files))) if places is None else places
    return (_file(findings, place, first, second) for place in wanted)


def _file(findings: Findings, place: int, first: FileTable, second: FileTable) -> ComparedFile:
    found = findings.files[place]
    return ComparedFile(
        found,
        None if found.first is None else first.entry(found.first),
        None if found.second is None else second.entry(found.second),
        findings.known.get(place),
        escape_path(first.path(found.by[0])) if found.by else "",
        found.by[1] if found.by else 0,
    )


@lru_cache(maxsize=OPEN_RESULTS)
def _findings(comparison: int, digest: str, _newest: int, *, made_by_patches: bool) -> Findings:
    row = Comparison.objects.select_related("first__product", "second__product").get(pk=comparison)
    data = objects().read(row.first.product.store_key, Digest.parse(digest), limit=MAX_RESULT_BYTES)
    result = parse_result(data)
    known = recognise(result.files, open_file_table(row.second))
    files = [
        replace(found, kind=known[place].kind) if place in known else found for place, found in enumerate(result.files)
    ]
    if made_by_patches:
        files = [_by_patch(found) for found in files]
    return Findings(result.same, tuple(files), known)


def _made_by_patches(comparison: Comparison) -> bool:
    """Whether the second tree is what this centre made of the first by the patches that came with it."""
    rows = Delivery.objects.filter(snapshot=comparison.second_id, derived_from__snapshot=comparison.first_id)
    return rows.filter(state=Delivery.State.ADMITTED, derived_from__state=Delivery.State.ADMITTED).exists()


def _by_patch(found: Difference) -> Difference:
    """A changed copy of a tool's file stays on top: that a patch changes it makes it no less odd."""
    if found.is_explained or found.kind is FileClass.UNLIKE_KNOWN:
        return found
    return replace(found, kind=FileClass.PATCHED, modes_differ=False)


@lru_cache(maxsize=REMEMBERED)
def _counts(first: int, second: int) -> TreeCounts:
    """Snapshots never change, so neither does the answer."""
    rows = {row.pk: row for row in Snapshot.objects.select_related("product").filter(pk__in=(first, second))}
    return compare_tables(open_file_table(rows[first]), open_file_table(rows[second])).counts
