from __future__ import annotations

import doctest
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.simulator import NORTH, SOUTH, TIME, Simulator, check, status_of
from transparency.proofs.attest.predicates import Coverage
from transparency.proofs.digest import Digest
from transparency.proofs.links import report

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    """Signed source and builds, two attestations of two authorities, 40 of 50 lines read, checkpoint of TIME."""
    return Simulator(tmp_path_factory.mktemp("world")).complete()


def test_the_examples_in_the_module_hold() -> None:
    assert doctest.testmod(report).failed == 0


@pytest.mark.parametrize(
    ("require", "unmet"),
    [
        ({}, ()),
        ({"attestations": 2}, ()),
        ({"attestations": 3}, ("attestations",)),
        ({"authorities": 2}, ()),
        ({"authorities": 3}, ("authorities",)),
        ({"share_read_percent": 80}, ()),
        ({"share_read_percent": 81}, ("shareReadPercent",)),
        ({"rebuilds": 1}, ("rebuilds",)),
        ({"signed_builds": True}, ()),
        ({"max_age_days": 0}, ()),
        (
            {"rebuilds": 1, "attestations": 9, "share_read_percent": 100, "authorities": 9},
            ("attestations", "authorities", "shareReadPercent", "rebuilds"),
        ),
    ],
)
def test_each_requirement_is_met_or_named(world: Simulator, require: dict[str, Any], unmet: tuple[str, ...]) -> None:
    answer = check(world, **require)
    assert answer.unmet == unmet
    assert answer.exit_code == (4 if unmet else 0)
    assert answer.failed is None
    assert status_of(answer, "requirements") == ("failed" if unmet else "ok")


def test_the_age_of_the_checkpoint_counts_to_the_second(world: Simulator) -> None:
    week = timedelta(days=7)
    assert check(world, max_age_days=7, now=TIME + week).unmet == ()
    assert check(world, max_age_days=7, now=TIME + week + timedelta(seconds=1)).unmet == ("maxAgeDays",)
    assert check(world, max_age_days=2**53 - 1, now=TIME + week).unmet == ()
    assert check(world, max_age_days=0, now=TIME - week).unmet == (), "a clock that is behind makes nothing old"


def test_signed_source_and_builds_are_unmet_when_they_are_not_there(tmp_path: Path) -> None:
    world = Simulator(tmp_path)
    world.deliver()
    assert check(world).unmet == ()
    assert check(world, signed_builds=True).unmet == ("signedBuilds",)
    world.publish(sums=None)
    assert check(world).unmet == ("signedBuilds",)
    assert check(world, signed_builds=False).unmet == ()


def test_a_violation_is_never_met(tmp_path: Path) -> None:
    world = Simulator(tmp_path)
    world.deliver()
    world.attest(NORTH)
    world.attest(SOUTH, review=world.review(SOUTH, conclusion="violation"))
    answer = check(world)
    assert (answer.exit_code, answer.failed, answer.unmet) == (4, None, ("violation",))
    assert "south" in str(answer.link("requirements"))


@pytest.mark.parametrize("conclusion", ["concerns", "abstain"])
def test_other_conclusions_are_peoples_to_weigh(tmp_path: Path, conclusion: str) -> None:
    world = Simulator(tmp_path)
    world.deliver()
    world.attest(NORTH, review=world.review(NORTH, conclusion=conclusion))
    assert check(world, attestations=1).exit_code == 0


def test_the_largest_share_counts_and_nothing_in_scope_is_nothing_read(tmp_path: Path) -> None:
    world = Simulator(tmp_path)
    world.deliver()
    for authority, coverage in (
        (NORTH, Coverage(0, 0, 0, 0, Digest(bytes(32)))),
        (SOUTH, Coverage(3, 2, 0, 0, Digest(bytes(32)))),
    ):
        world.attest(authority, review=world.review(authority, coverage=coverage))
    assert check(world, share_read_percent=66).unmet == ()
    assert check(world, share_read_percent=67).unmet == ("shareReadPercent",), "two thirds are not rounded up"
    world.attestations.pop()
    assert check(world, share_read_percent=1).unmet == ("shareReadPercent",)
