"""Compare two snapshots by content, once for each version of the rules: the work is a job, its result is kept and never changed.

1. The file tables are walked once; what is the same, moved, or of another mode is known from them alone.
2. `.gitattributes` of the first tree are read for what they leave out of archives or change there. The second tree's say nothing here:
   whoever adds a file to an archive could add a rule that excuses it.
3. Only where two texts differ are bytes read, and judged in a contained process that is killed at its limits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

import transparency
from transparency.errors import EvidenceError
from transparency.models import Comparison, Job, Snapshot
from transparency.proofs.comparisons.attributes import FILE, MAX_FILE_BYTES, MAX_FILES
from transparency.proofs.comparisons.classes import RULES, Difference, FileClass
from transparency.proofs.comparisons.generated import looks_generated
from transparency.proofs.comparisons.questions import (
    ask_attributes,
    ask_contents,
    ask_m4,
    read_attributes,
    read_contents,
    read_m4,
)
from transparency.proofs.comparisons.result import MAX_RESULT_BYTES, Result, format_result
from transparency.proofs.comparisons.tables import compare_tables
from transparency.proofs.escaping import unescape_path
from transparency.queries import open_file_table, read_file
from transparency.services.claim_job import finish_job, keep_claim
from transparency.services.contain import warm
from transparency.services.create_job import create_job
from transparency.services.note_progress import note_progress
from transparency.services.stores import objects

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from transparency.models import Person
    from transparency.proofs.comparisons.questions import Places, Triple
    from transparency.proofs.comparisons.tables import TableDifference
    from transparency.proofs.filetable import FileEntry
    from transparency.services.claim_job import Claim

KIND = "compare"
QUESTIONS = "transparency.proofs.comparisons.questions"
FOLDER = str(Path(transparency.__file__).parent)
# A text over this is compared by its digest alone.
MAX_TEXT_BYTES = 4 * 1024**2
BATCH_BYTES = 8 * 1024**2
BATCH_PAIRS = 200
MAX_FOLDER_CHARACTERS = 1000  # what an index of the database takes
# Of one person: comparisons under way, and asked for within an hour.
MAX_OPEN, MAX_AN_HOUR = 5, 100
# Up to here the answer is there before a worker would have heard of it.
SMALL_PAIRS, SMALL_BYTES, SMALL_FILES = 100, 4 * 1024**2, 20_000
ATTRIBUTE_PATHS = 20_000
_REGULAR = frozenset({0o100644, 0o100755})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Two snapshots, and the folder of each that is compared (escaped; "": all of it)."""

    first: Snapshot
    second: Snapshot
    first_below: str = ""
    second_below: str = ""

    def found(self) -> Comparison | None:
        """The result by the rules of today, where it is there."""
        return Comparison.objects.filter(
            first=self.first, second=self.second, first_below=self.first_below, second_below=self.second_below,
            rules=RULES,
        ).first()  # fmt: skip


def request_comparison(*, wanted: Wanted, by: Person | None, send: bool = True) -> Job:
    """The job that compares these two, new or old (`path-escaping`, `comparison-folder`, `comparison-many`)."""
    for snapshot, below in ((wanted.first, wanted.first_below), (wanted.second, wanted.second_below)):
        start, end = open_file_table(snapshot).span(unescape_path(below))
        if start == end or len(below) > MAX_FOLDER_CHARACTERS:
            raise EvidenceError("comparison-folder", expected="a folder of the tree", found=below[:200] or "no file")
    if by is not None and wanted.found() is None:
        _bound(by)
    payload = {
        "product": wanted.first.product_id,
        "first": wanted.first.pk,
        "second": wanted.second.pk,
        "firstBelow": wanted.first_below,
        "secondBelow": wanted.second_below,
        "rules": RULES,
    }
    return create_job(kind=KIND, payload=payload, requested_by=by, send=send)


def is_small(wanted: Wanted) -> bool:
    """Whether so little differs that nobody need wait for a worker."""
    first, second = open_file_table(wanted.first), open_file_table(wanted.second)
    if len(first) + len(second) > SMALL_FILES:
        return False
    pairs = compare_tables(
        first, second, first_below=unescape_path(wanted.first_below), second_below=unescape_path(wanted.second_below)
    ).contents
    size = sum(first.entry(one).size + second.entry(other).size for one, other in pairs)
    return len(pairs) <= SMALL_PAIRS and size <= SMALL_BYTES


def _bound(by: Person) -> None:
    own = Job.objects.filter(kind=KIND, requested_by=by)
    waiting = own.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING]).count()
    lately = own.filter(created_at__gt=timezone.now() - timedelta(hours=1)).count()
    if waiting >= MAX_OPEN or lately >= MAX_AN_HOUR:
        found = f"{waiting} and {lately}"
        raise EvidenceError("comparison-many", expected=f"under {MAX_OPEN} at work, {MAX_AN_HOUR} an hour", found=found)


def compare_snapshots(claim: Claim) -> None:
    """Do the whole comparison for a claimed job."""
    wanted = _wanted(claim)
    trees = _Trees(claim, wanted)
    result = trees.result()
    note_progress(claim, text=f"{len(result.files)} files differ, {result.unexplained} of them unexplained.")
    stored = objects().put(wanted.first.product.store_key, (format_result(result),), limit=MAX_RESULT_BYTES)
    with transaction.atomic():
        row, _ = Comparison.objects.get_or_create(
            first=wanted.first,
            second=wanted.second,
            first_below=wanted.first_below,
            second_below=wanted.second_below,
            rules=RULES,
            defaults={"result": stored.digest.hex, "counts": result.counts, "unexplained": result.unexplained},
        )
        finish_job(claim, result={"comparison": row.pk})


def _wanted(claim: Claim) -> Wanted:
    """What the job is about; one that was asked for when other rules held is asked for again instead (`comparison-outdated`)."""
    payload = claim.payload
    if payload["rules"] != RULES:
        raise EvidenceError("comparison-outdated", expected=f"rules {RULES}", found=str(payload["rules"])[:20])
    rows = Snapshot.objects.select_related("product").in_bulk([payload["first"], payload["second"]])
    return Wanted(rows[payload["first"]], rows[payload["second"]], payload["firstBelow"], payload["secondBelow"])


class _Trees:
    """The two trees of one comparison while it is made."""

    def __init__(self, claim: Claim, wanted: Wanted) -> None:
        self._claim, self._wanted = claim, wanted
        self._first, self._second = open_file_table(wanted.first), open_file_table(wanted.second)

    def result(self) -> Result:
        wanted = self._wanted
        found = compare_tables(
            self._first, self._second,
            first_below=unescape_path(wanted.first_below), second_below=unescape_path(wanted.second_below),
        )  # fmt: skip
        note_progress(self._claim, text=f"Walked both trees: {found.same} files are the same.")
        files = list(self._with_serials([*self._by_tables(found), *self._by_contents(found)]))
        files.sort(key=lambda each: (each.order, each.first or 0, each.second or 0))
        return Result(wanted.first.manifest, wanted.second.manifest, found.same, tuple(files))

    def _by_tables(self, found: TableDifference) -> Iterator[Difference]:
        for one, other in found.modes:
            yield Difference(FileClass.MODE, one, other, modes_differ=True)
        for one, other in found.moved:
            yield Difference(FileClass.MOVED, one, other)
        for other in found.only_second:
            generated = looks_generated(self._second.path(other))
            yield Difference(FileClass.GENERATED if generated else FileClass.ONLY_SECOND, None, other)
        for one, (ignored, _) in zip(found.only_first, self._attributes(found.only_first), strict=True):
            kind = FileClass.EXPORT_IGNORED if ignored else FileClass.ONLY_FIRST
            yield Difference(kind, one, None, by=ignored)

    def _by_contents(self, found: TableDifference) -> Iterator[Difference]:
        substituted = [subst for _, subst in self._attributes([one for one, _ in found.contents])]
        waiting: list[tuple[Difference, Triple]] = []
        size = 0
        for (one, other), by in zip(found.contents, substituted, strict=True):
            left, right = self._first.entry(one), self._second.entry(other)
            plain = Difference(FileClass.CONTENT, one, other, modes_differ=left.mode != right.mode)
            if not (is_readable(left) and is_readable(right)):
                yield self._named(plain)
                continue
            texts = (read_file(self._wanted.first, left.path)[1], read_file(self._wanted.second, right.path)[1])
            waiting.append((replace(plain, by=by), (*texts, by is not None)))
            size += left.size + right.size
            if size > BATCH_BYTES or len(waiting) >= BATCH_PAIRS:
                yield from self._judged(waiting)
                waiting, size = [], 0
        yield from self._judged(waiting)

    def _judged(self, waiting: Sequence[tuple[Difference, Triple]]) -> Iterator[Difference]:
        if not waiting:
            return
        last = waiting[-1][0]
        keep_claim(self._claim, progress={"step": f"Read what differs, up to file {last.first} of {len(self._first)}."})
        for (plain, _), kind in zip(waiting, classes_of([triple for _, triple in waiting]), strict=True):
            by = plain.by if kind is FileClass.EXPORT_SUBST else None
            yield self._named(replace(plain, kind=kind, by=by))

    def _named(self, found: Difference) -> Difference:
        """Of another content, a file that is called like a generated one asks for another proof."""
        is_named = found.second is not None and looks_generated(self._second.path(found.second))
        return replace(found, kind=FileClass.GENERATED) if is_named and found.kind is FileClass.CONTENT else found

    def _with_serials(self, files: Sequence[Difference]) -> Iterator[Difference]:
        """Each `.m4` file of the second tree that needs proof with what names its version."""
        waiting: list[tuple[Difference, bytes]] = []
        for found in files:
            entry = (
                self._second.entry(found.second)
                if found.kind is FileClass.GENERATED and found.second is not None
                else None
            )
            if entry is None or not entry.path.endswith(b".m4") or not is_readable(entry):
                yield found
                continue
            waiting.append((found, read_file(self._wanted.second, entry.path)[1]))
            if len(waiting) >= BATCH_PAIRS:
                yield from _serials(waiting)
                waiting = []
        yield from _serials(waiting)

    def _attributes(self, rows: Sequence[int]) -> Iterator[Places]:
        """What the first tree's `.gitattributes` say of its rows, with positions of these files in its table."""
        files = self._first.ending(FILE, limit=MAX_FILES + 1)
        if len(files) > MAX_FILES or not all(is_readable(each) and each.size <= MAX_FILE_BYTES for each in files):
            files = []  # rules of which some cannot be read excuse nothing
        contents = [(entry.path, read_file(self._wanted.first, entry.path)[1]) for entry in files]
        places = [self._first.position(entry.path) for entry in files]
        for start in range(0, len(rows), ATTRIBUTE_PATHS):
            paths = [self._first.path(row) for row in rows[start : start + ATTRIBUTE_PATHS]]
            for ignored, subst in _said(contents, paths):
                yield (
                    (places[ignored[0]], ignored[1]) if ignored else None,
                    (places[subst[0]], subst[1]) if subst else None,
                )


def _said(files: Sequence[tuple[bytes, bytes]], paths: Sequence[bytes]) -> list[Places]:
    """Where the rules cannot be read within the limits they excuse nothing."""
    if not files:
        return [(None, None)] * len(paths)
    try:
        answer = warm(QUESTIONS, FOLDER).run(ask_attributes(files, paths))
    except EvidenceError:
        return [(None, None)] * len(paths)
    return read_attributes(answer, count=len(paths), files=len(files))


def _serials(waiting: Sequence[tuple[Difference, bytes]]) -> list[Difference]:
    """Without an answer there is no version that could be known."""
    if not waiting:
        return []
    try:
        answer = warm(QUESTIONS, FOLDER).run(ask_m4([text for _, text in waiting]))
    except EvidenceError:
        return [found for found, _ in waiting]
    told = zip(waiting, read_m4(answer, count=len(waiting)), strict=True)
    return [replace(found, serial=serial, stripped=stripped) for (found, _), (serial, stripped) in told]


def classes_of(triples: Sequence[Triple]) -> list[FileClass]:
    """One by one where they are too much together; what is too much by itself is only said to differ."""
    try:
        return read_contents(warm(QUESTIONS, FOLDER).run(ask_contents(triples)), count=len(triples))
    except EvidenceError:
        if len(triples) == 1:
            return [FileClass.CONTENT]
    return [kind for triple in triples for kind in classes_of([triple])]


def is_readable(entry: FileEntry) -> bool:
    """Whether it is a text that rules are asked about."""
    return entry.mode in _REGULAR and not entry.binary and entry.size <= MAX_TEXT_BYTES
