"""How long each group was fuzzed: `python -m tests.fuzz.record RESULTS [--date 2026-11-24]` adds lines of run.py to record.json.

A result of several targets counts for the group of the first. A finding counts once, however often it is reported.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fuzz.groups import GROUPS, group_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RECORD = Path(__file__).parent / "record.json"
_SUMS = ("wallSeconds", "cpuSeconds", "executions")
_LATEST = ("edges", "corpus")


def add_results(record: Mapping[str, Any], results: Iterable[Mapping[str, Any]], *, date: str) -> dict[str, Any]:
    """The record with these runs in it, its groups in the order of the table."""
    groups = {name: dict(found) for name, found in record.items()}
    for result in results:
        found = groups.setdefault(group_of(result["target"].partition("+")[0]), {})
        for key in _SUMS:
            found[key] = found.get(key, 0) + (result[key] or 0)
        for key in _LATEST:
            found[key] = max(found.get(key, 0), result[key] or 0)
        # What was slow on a busy machine is no finding; what takes a minute is one, of another name.
        findings = {name for name in result["findings"] if "slow-unit" not in name}
        found["findings"] = sorted({*found.get("findings", []), *findings})
        found["last"] = max(found.get("last", ""), date)
    return {name: groups[name] for name in GROUPS if name in groups}


def keep(results: Iterable[Mapping[str, Any]], *, date: str) -> None:
    """Write them into record.json."""
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    RECORD.write_text(json.dumps(add_results(record, results, date=date), indent=2) + "\n")


def today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--date", default=today())
    given = parser.parse_args()
    lines = [line for line in given.results.read_text().splitlines() if line.strip()]
    keep([json.loads(line) for line in lines], date=given.date)


if __name__ == "__main__":
    main()
