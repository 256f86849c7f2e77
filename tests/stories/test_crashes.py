"""Workers die and stall at the worst moments; imports end exactly once all the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
KILLS = 20
CYCLED = 50


def drive(home: Path, *arguments: str) -> dict[str, Any]:
    environment = {
        **os.environ,
        "TRANSPARENCY_HOME": str(home),
        "TRANSPARENCY_JOB_LEASE": "2",
        "TRANSPARENCY_JOB_ATTEMPTS": "100",  # a busy machine lets leases of two seconds run out by itself
        "DJANGO_SETTINGS_MODULE": "transparency.settings",
        "PYTHONPATH": str(ROOT),
    }
    environment.pop("DATABASE_URL", None)
    environment.pop("REDIS_URL", None)
    done = subprocess.run(
        [sys.executable, "-m", "tests.stories.crash_driver", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-4000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.timeout(600)
def test_a_worker_killed_at_twenty_random_instants_leaves_exactly_one_finished_import_each(tmp_path: Path) -> None:
    answer = drive(tmp_path / "var", "kills", str(KILLS), "20261124")
    assert [outcome["state"] for outcome in answer["outcomes"]] == ["done"] * KILLS
    assert sum(outcome["struck"] for outcome in answer["outcomes"]) >= KILLS // 3, (
        "too few kills struck a running import"
    )
    expected = KILLS + 1  # and the one that measured how long an import takes
    assert (answer["deliveries"], answer["jobs"], answer["snapshots"], answer["leaves"]) == (expected,) * 4


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_three_hundred_kills_over_fifty_imports_leave_exactly_one_finished_import_each(tmp_path: Path) -> None:
    answer = drive(tmp_path / "var", "cycles", str(CYCLED), "20261124")
    outcomes = answer["outcomes"]
    struck = sum(outcome["struck"] + outcome["received"] for outcome in outcomes)
    received = sum(outcome["receiving"] for outcome in outcomes)
    refused = sum(outcome["refused"] for outcome in outcomes)
    print(  # noqa: T201 - the report
        f"{6 * CYCLED} kills over {CYCLED} imports ({received} of a receiving command); {struck} struck a running one; "
        + ", ".join(f"{key} {value}" for key, value in answer.items() if key != "outcomes")
    )
    assert [outcome["state"] for outcome in outcomes] == ["done"] * CYCLED
    assert [outcome["deliveries"] for outcome in outcomes] == [
        ["quarantined" if outcome["refused"] else "admitted"] for outcome in outcomes
    ]
    assert received == CYCLED // 2
    assert refused >= 5
    assert struck >= 250, "too few kills struck a running import"
    expected = CYCLED + 1
    assert (answer["deliveries"], answer["jobs"], answer["unended"]) == (expected, expected, 0)
    assert (answer["snapshots"], answer["leaves"]) == (expected - refused, expected - refused)
    assert answer["quarantined"] == refused
    assert (answer["leftovers"], answer["orphans"], answer["missing"]) == ([], 0, 0)


def test_a_worker_paused_past_its_lease_cannot_commit(tmp_path: Path) -> None:
    answer = drive(tmp_path / "var", "pause", "0", "0")
    assert answer["pausedIn"] == "running"
    assert (answer["first"], answer["second"]) == ("False", "True")
    assert (answer["state"], answer["attempt"]) == ("done", 2)
    assert (answer["deliveries"], answer["snapshots"], answer["leaves"]) == (1, 1, 1)
