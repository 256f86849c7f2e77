"""The table of groups and the record of how long they ran."""

from __future__ import annotations

from collections import Counter

from tests.fuzz.groups import GROUPS, group_of
from tests.fuzz.record import add_results
from tests.fuzz.targets import TARGETS

RUN = {
    "target": "leaf+opening", "wallSeconds": 10, "cpuSeconds": 9, "executions": 1000, "edges": 70, "corpus": 5,
    "findings": ["finding-crash-a"],
}  # fmt: skip


def test_every_target_is_in_exactly_one_group() -> None:
    assert Counter(name for members in GROUPS.values() for name in members) == Counter(list(TARGETS))
    assert all(group_of(name) in GROUPS for name in TARGETS)


def test_a_name_of_a_group_that_is_a_target_too_holds_that_target() -> None:
    assert all(name in members for name, members in GROUPS.items() if name in TARGETS)


def test_runs_add_up_and_a_finding_counts_once() -> None:
    again = RUN | {"edges": 60, "findings": ["finding-crash-a", "finding-crash-b", "finding-slow-unit-c"]}
    record = add_results({}, [RUN], date="2026-11-25")
    record = add_results(record, [again, RUN | {"target": "tar", "executions": None}], date="2026-11-24")
    assert list(record) == ["tar", "log"]
    assert record["log"] == {
        "wallSeconds": 20, "cpuSeconds": 18, "executions": 2000, "edges": 70, "corpus": 5,
        "findings": ["finding-crash-a", "finding-crash-b"], "last": "2026-11-25",
    }  # fmt: skip
    assert record["tar"]["executions"] == 0
