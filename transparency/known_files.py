"""What the catalogue of known files says of files that are called like those that tools copy into releases.

Known is a file with the name and the SHA-256 of one in the catalogue; an `.m4` file also with the name, the serial and the text without
comments of one. One whose name the catalogue knows, and whose content it does not, is unlike every version of it that is held here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.models import KnownFile
from transparency.proofs.comparisons.classes import FileClass
from transparency.proofs.comparisons.generated import is_copied

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from transparency.proofs.comparisons.classes import Difference
    from transparency.proofs.filetable import FileEntry, FileTable

NAMES_A_QUERY = 400
SHOWN_SERIALS = 12
# Often written by a project itself under the name of a copied one, and read by people alone: unlike is nothing odd there.
_OWN_TEXTS = frozenset({"ABOUT-NLS", "INSTALL"})
_REGULAR = frozenset({0o100644, 0o100755})


@dataclass(frozen=True, slots=True)
class Recognised:
    """`same_as`: the first package that has it ("" where none has). `versions`: how many contents of that name are held."""

    kind: FileClass
    same_as: str
    but_comments: bool
    versions: int
    serial: str
    serials: tuple[str, ...]


def newest_known() -> int:
    """Grows with the catalogue."""
    return KnownFile.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def recognise(files: Iterable[Difference], table: FileTable) -> dict[int, Recognised]:
    """By place among `files`: what is recognised of those that need proof. `table` is the second tree's."""
    candidates = dict(_candidates(files, table))
    held = _held({_name(entry) for _, entry in candidates.values()})
    judged = {
        place: _judge(found, entry, held[_name(entry)])
        for place, (found, entry) in candidates.items()
        if held.get(_name(entry))
    }
    own = {place for place, (_, entry) in candidates.items() if _name(entry) in _OWN_TEXTS}
    return {place: each for place, each in judged.items() if each.same_as or place not in own}


def _candidates(files: Iterable[Difference], table: FileTable) -> Iterator[tuple[int, tuple[Difference, FileEntry]]]:
    for place, found in enumerate(files):
        if found.kind is FileClass.GENERATED and found.second is not None:
            entry = table.entry(found.second)
            if is_copied(entry.path) and entry.mode in _REGULAR:
                yield place, (found, entry)


def _held(names: set[str]) -> Mapping[str, list[KnownFile]]:
    rows: dict[str, list[KnownFile]] = defaultdict(list)
    for some in _batches(sorted(names)):
        for row in KnownFile.objects.filter(name__in=some).order_by("pk"):
            rows[row.name].append(row)
    return rows


def _batches(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), NAMES_A_QUERY):
        yield names[start : start + NAMES_A_QUERY]


def _judge(found: Difference, entry: FileEntry, held: list[KnownFile]) -> Recognised:
    same = [row for row in held if row.sha256 == entry.sha256.hex]
    # A serial names a version: text that equals that of another serial is another file.
    close = [row for row in held if found.stripped and (row.serial, row.stripped) == (found.serial, found.stripped)]
    known = same or close
    return Recognised(
        kind=FileClass.KNOWN_GOOD if known else FileClass.UNLIKE_KNOWN,
        same_as=f"{known[0].package} {known[0].version}" if known else "",
        but_comments=bool(known) and not same,
        versions=len({row.sha256 for row in held}),
        serial=found.serial,
        serials=tuple(sorted({row.serial for row in held if row.serial}, key=_number)[-SHOWN_SERIALS:]),
    )


def _number(serial: str) -> tuple[int, ...]:
    return tuple(int(part) for part in serial.split(".") if part)


def _name(entry: FileEntry) -> str:
    return entry.path.rpartition(b"/")[2].decode("utf-8", "replace")
