"""Each lie of a dishonest centre about covers, components, derivations and events, and the code that names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cheats import CHEATS, pgp_world
from tests.simulator import check

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", CHEATS)
def test_a_lie_is_named(name: str, tmp_path: Path) -> None:
    tell, link, code = CHEATS[name]
    world = pgp_world(tmp_path)
    tell(world)
    report = check(world, now=world.time)
    assert (report.failed, report.links[-1].code) == (link, code)
    assert report.exit_code == 1
