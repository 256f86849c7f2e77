"""Events of keys (record/event/v2) in both verifiers: what holds, what is refused, and that they decide nothing by themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.proofs.test_events import FACTS, ONE, TWO, wrong_version_2
from tests.simulator import PRODUCT, Simulator
from tests.verifier.test_agreement import both, trust_of
from transparency.proofs.errors import EvidenceError
from transparency.proofs.events import format_event_record, parse_event_record
from transparency.verifier import verify

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=[False, True], ids=["open", "restricted"])
def simulator(tmp_path: Path, request: pytest.FixtureRequest) -> Simulator:
    return Simulator(tmp_path / "world", restricted=request.param).complete()


def log_openly(simulator: Simulator, **changes: Any) -> None:
    """As a centre does: a leaf about keys of all products is an open one, whatever the product of the dossier."""
    restricted, simulator.restricted = simulator.restricted, False
    simulator.log_event(simulator.key_event(**changes))
    simulator.restricted = restricted


def test_a_revoked_key_of_the_vendor_is_told_in_a_dossier_and_decides_nothing_by_itself(
    simulator: Simulator, tmp_path: Path
) -> None:
    log_openly(simulator, event="key-revoked")
    found = both(tmp_path, simulator.dossier(), trust=trust_of(simulator))
    assert (found["exit"], found["failed"]) == (0, None)
    link = next(link for link in found["links"] if link["name"] == "events/01")
    assert link["status"] == "ok"
    assert "a laptop was stolen" in link["detail"]


def test_an_update_and_a_keyring_hold_as_well(simulator: Simulator, tmp_path: Path) -> None:
    update = {"product": PRODUCT, "before": ONE.hex, "after": TWO.hex, "reason": ""}
    simulator.log_event(simulator.key_event("key-updated", **update))
    log_openly(simulator, event="keyring-imported", key=None, before="", after="", keyring=FACTS)
    found = both(tmp_path, simulator.dossier(), trust=trust_of(simulator))
    assert [link["status"] for link in found["links"] if link["name"].startswith("events/")] == ["ok", "ok"]


@pytest.mark.parametrize("lie", [{"vendor": "rival"}, {"event": "key-updated", "product": "other"}])
def test_an_event_of_another_vendor_or_product_fails(simulator: Simulator, tmp_path: Path, lie: dict[str, Any]) -> None:
    log_openly(simulator, **{"event": "key-revoked", "before": ONE.hex, "after": TWO.hex} | lie)
    found = both(tmp_path, simulator.dossier(), trust=trust_of(simulator))
    assert (found["exit"], found["failed"]) == (1, "events/01")


def test_a_verdict_that_changed_counts_beside_an_event_of_a_key(simulator: Simulator, tmp_path: Path) -> None:
    log_openly(simulator, event="key-revoked")
    simulator.happen("verdict-changed")
    found = both(tmp_path, simulator.dossier(), trust=trust_of(simulator))
    assert (found["exit"], found["unmet"]) == (4, ["signedSource"])


@pytest.mark.parametrize("data", wrong_version_2())
def test_both_refuse_the_same_lies(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        parse_event_record(data)
    with pytest.raises(verify.Bad):
        verify.read_event(data)


def test_an_event_is_read_alike_by_both(simulator: Simulator) -> None:
    for record in (
        simulator.key_event("key-revoked"),
        simulator.key_event("keyring-imported", key=None, keyring=replace(FACTS, changes=())),
    ):
        assert verify.read_event(format_event_record(record)).kind == record.event
