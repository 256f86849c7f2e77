"""Every target runs over its seeds, and over damaged ones, without an error that its parser does not promise."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS, run

if TYPE_CHECKING:
    from pathlib import Path

DAMAGES = 60


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bytes]]:
    folder: Path = tmp_path_factory.mktemp("seeds")
    return seeds(folder)


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_real_values_and_damaged_ones_end_as_promised(name: str, corpus: dict[str, list[bytes]]) -> None:
    assert corpus.get(name), f"no seed for {name}"
    if name != "checkpoint":  # whose seed is a note with its signature
        assert any(run(name, seed) for seed in corpus[name])
    chance = random.Random(name)
    for _ in range(DAMAGES):
        damaged = bytearray(chance.choice(corpus[name]))
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(damaged) + 1)
            if chance.random() < 0.5:
                damaged[place : place + chance.randint(0, 4)] = chance.randbytes(chance.randint(0, 4))
            elif place < len(damaged):
                damaged[place] ^= 1 << chance.randrange(8)
        run(name, bytes(damaged))
