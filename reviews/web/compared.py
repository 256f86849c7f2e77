"""Who sees what of a comparison: somebody who may read both sources, and of these the files whose paths are open to them on both sides.

That a file is missing on one side tells of that side as well: it is shown to whoever could read the file if it were there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.http import Http404

from reviews.web.access import Readable
from transparency.comparisons import files_of, findings_of
from transparency.models import Comparison, Delivery, Release
from transparency.proofs.comparisons.result import count_classes
from transparency.proofs.escaping import escape_path, unescape_path
from transparency.queries import open_file_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

    from transparency.comparisons import ComparedFile, Findings
    from transparency.models import Snapshot
    from transparency.permissions import Someone


class ReadableSource:
    """What somebody may read of a snapshot, through whichever releases have it."""

    def __init__(self, someone: Someone, snapshot: Snapshot) -> None:
        rows = Delivery.objects.filter(snapshot=snapshot, state=Delivery.State.ADMITTED).order_by("pk")
        related = rows.select_related("release__product__vendor", "release__subject")
        found = [(each, Readable(someone, each.release)) for each in related]
        self._parts = [(each, part) for each, part in found if part.folder("")]
        self.deliveries = [each for each, _ in self._parts]

    @property
    def whole(self) -> bool:
        return any(part.whole for _, part in self._parts)

    def file(self, path: str) -> bool:
        return any(part.file(path) for _, part in self._parts)

    def release_of_file(self, path: str, snapshot: Snapshot) -> Release | None:
        """A release whose reading room has this file, open to the person."""
        for delivery, part in self._parts:
            if delivery.release.subject_id == snapshot.pk and part.file(path):
                return delivery.release
        return None


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file of the comparison and its number in it, which its page is called by."""

    number: int
    file: ComparedFile


class SeenComparison:
    """A comparison as one person sees it."""

    def __init__(self, row: Comparison, first: ReadableSource, second: ReadableSource) -> None:
        self.row, self.first, self.second = row, first, second
        self.whole = first.whole and second.whole

    @cached_property
    def findings(self) -> Findings:
        return findings_of(self.row)

    @cached_property
    def numbers(self) -> list[int]:
        """The files that the person may know of, in the order in which people should look at them."""
        order = self.findings.in_order(range(len(self.findings.files)))
        if self.whole:
            return order
        return [number for number, file in zip(order, files_of(self.row, order), strict=True) if self._sees(file)]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Files by class, of those that the person may know of."""
        same = self.findings.same if self.whole else self._same()
        return count_classes(same, (self.findings.files[number] for number in self.numbers))

    @property
    def unexplained(self) -> int:
        return len(self.numbers_of("unexplained"))

    def numbers_of(self, kind: str) -> list[int]:
        """The files of a class; of `unexplained` and `explained` all such, of anything else none."""
        files = self.findings.files
        if kind in {"unexplained", "explained"}:
            return [number for number in self.numbers if files[number].is_explained == (kind == "explained")]
        return [number for number in self.numbers if files[number].kind == kind]

    def shown(self, numbers: list[int]) -> Iterator[ShownFile]:
        for number, file in zip(numbers, files_of(self.row, numbers), strict=True):
            yield ShownFile(number, file)

    def file_or_404(self, number: int) -> ComparedFile:
        if number >= len(self.findings.files):
            raise Http404
        file = next(files_of(self.row, [number]))
        if not (self.whole or self._sees(file)):
            raise Http404
        return file

    def _sees(self, file: ComparedFile) -> bool:
        first = file.first_path or _other(file.second_path, self.row.second_below, self.row.first_below)
        second = file.second_path or _other(file.first_path, self.row.first_below, self.row.second_below)
        return self.first.file(first) and self.second.file(second)

    def _same(self) -> int:
        """How many files that the person may read on both sides are the same."""
        table = open_file_table(self.row.first)
        start, end = table.span(unescape_path(self.row.first_below))
        named = {each.first for each in self.findings.files}
        paths = (escape_path(path) for row, path in enumerate(table.paths(start, end), start) if row not in named)
        pairs = ((path, _other(path, self.row.first_below, self.row.second_below)) for path in paths)
        return sum(self.first.file(path) and self.second.file(other) for path, other in pairs)


def comparison_or_404(request: HttpRequest, identity: int) -> SeenComparison:
    """For whoever may read something of both sources."""
    row = Comparison.objects.select_related("first__product", "second__product").filter(pk=identity).first()
    if row is None:
        raise Http404
    first, second = ReadableSource(request.user, row.first), ReadableSource(request.user, row.second)
    if not (first.deliveries and second.deliveries):
        raise Http404
    return SeenComparison(row, first, second)


def _other(path: str, below: str, other_below: str) -> str:
    """The path that a file of one side has, or would have, on the other."""
    inside = path[len(below) + 1 :] if below else path
    return f"{other_below}/{inside}" if other_below else inside
