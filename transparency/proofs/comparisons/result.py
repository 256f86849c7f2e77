"""A comparison as it is kept: canonical JSON without one path, every file by its positions in the two file tables.

    {"rules": "2", "first": manifest, "second": manifest, "same": n, "files": […, …]}

with `[class, first, second, modes differ, by file, by line, serial, stripped]` for each file (classes.py). Positions that are not there
are -1. Files stand in the order in which people should look at them.

>>> told = Result("a" * 64, "b" * 64, 3, (Difference(FileClass.ONLY_SECOND, None, 7),))
>>> parse_result(format_result(told)) == told
True
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transparency.proofs.comparisons.classes import RULES, WHEN_ASKED, Difference, FileClass
from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_RESULT_BYTES = 256 * 1024**2
_NOTHING = -1


@dataclass(frozen=True, slots=True)
class Result:
    """Manifests of the two snapshots, how many files are the same, and every other file."""

    first: str
    second: str
    same: int
    files: tuple[Difference, ...]

    @property
    def unexplained(self) -> int:
        return sum(not each.is_explained for each in self.files)

    @property
    def counts(self) -> dict[str, int]:
        """Files by class, as `count_classes`."""
        return count_classes(self.same, self.files)


def count_classes(same: int, files: Iterable[Difference]) -> dict[str, int]:
    """Files by class; every class is there, with 0 where nothing is of it."""
    found = Counter(each.kind.value for each in files)
    return {"identical": same} | {kind.value: found[kind.value] for kind in FileClass}


def format_result(result: Result) -> bytes:
    value = {
        "rules": RULES,
        "first": result.first,
        "second": result.second,
        "same": result.same,
        "files": [_row(each) for each in result.files],
    }
    # Of whole numbers and ASCII alone this is RFC 8785, many times as fast as our own writer.
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def parse_result(data: bytes) -> Result:
    """Raise `comparison-malformed` for anything but what `format_result` writes."""
    try:
        value = json.loads(data)
        files = tuple(_difference(row) for row in value["files"])
        result = Result(value["first"], value["second"], value["same"], files)
    except (ValueError, KeyError, TypeError) as error:
        raise EvidenceError("comparison-malformed", expected="a comparison", found=type(error).__name__) from error
    if format_result(result) != data:
        raise EvidenceError("comparison-malformed", expected="its canonical form", found="another")
    return result


def _row(each: Difference) -> list[Any]:
    by = each.by or (_NOTHING, _NOTHING)
    places = (_NOTHING if place is None else place for place in (each.first, each.second))
    return [each.kind.value, *places, int(each.modes_differ), *by, each.serial, each.stripped]


def _difference(row: list[Any]) -> Difference:
    kind, first, second, modes, file, line, serial, stripped = row
    if kind in WHEN_ASKED:
        raise ValueError(kind)
    return Difference(
        FileClass(kind),
        None if first == _NOTHING else first,
        None if second == _NOTHING else second,
        bool(modes),
        None if file == _NOTHING else (file, line),
        serial,
        stripped,
    )
