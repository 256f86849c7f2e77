"""A contained process that waits for its task: one task each, like any other, and nothing left where none comes."""

from __future__ import annotations

import gzip
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from transparency.gateways.sandbox import Bounds, Sandbox, bubblewrap_works
from transparency.gateways.spares import Spares, spares
from transparency.proofs.errors import EvidenceError
from transparency.proofs.sources.membersource import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not bubblewrap_works(), reason="bubblewrap is not installed")
ROOM = Sandbox("bubblewrap", ready=True)


@pytest.fixture(autouse=True)
def none_left() -> Iterator[None]:
    spares.close()
    yield
    spares.close()


def decompress(room: Sandbox, folder: Path, content: bytes) -> bytes:
    """A task with a file that it reads and one that it writes."""
    (folder / "in").write_bytes(gzip.compress(content))
    with (folder / "in").open("rb") as archive, (folder / "out").open("w+b") as plain:
        room.run("decompress", {"intake": asdict(Limits())}, inputs={"archive": archive}, outputs={"plain": plain})
    return (folder / "out").read_bytes()


def waiting() -> int:
    spare = spares._ready
    assert spare is not None
    return spare.child.pid


def test_a_task_takes_the_one_that_waits_and_another_waits_then(tmp_path: Path) -> None:
    ROOM.prepare()
    first = waiting()
    assert decompress(ROOM, tmp_path, b"one") == b"one"
    second = waiting()
    assert second != first
    assert not Path(f"/proc/{first}").exists()
    assert decompress(ROOM, tmp_path, b"two") == b"two"
    assert waiting() not in {first, second}


def test_one_that_died_is_replaced(tmp_path: Path) -> None:
    ROOM.prepare()
    os.kill(waiting(), 9)
    time.sleep(0.2)
    assert decompress(ROOM, tmp_path, b"whole") == b"whole"


def test_what_waits_for_another_command_is_not_taken() -> None:
    own = Spares()
    own.prepare(["sleep", "60"], dict(os.environ))
    assert own.take(["sleep", "61"]) is None
    assert own.take(["sleep", "60"]) is None  # it was ended


def test_limits_are_those_of_the_task(tmp_path: Path) -> None:
    ROOM.prepare()
    small = Sandbox("bubblewrap", Bounds(output=1024), ready=True)
    with pytest.raises(EvidenceError, match="limit-output"):
        decompress(small, tmp_path, os.urandom(100_000))


def test_after_a_fork_the_parents_is_the_parents() -> None:
    ROOM.prepare()
    kept = waiting()
    child = os.fork()
    if child == 0:
        os._exit(0 if spares.take(ROOM._command()) is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert waiting() == kept
    assert Path(f"/proc/{kept}").exists()


def test_as_many_files_as_a_source_may_have_come_through(tmp_path: Path) -> None:
    ROOM.prepare()
    first = waiting()
    archives = {f"a{number}": (tmp_path / f"a{number}").open("w+b") for number in range(68)}
    with pytest.raises(EvidenceError) as caught:  # the task finds no description among them, and says so itself
        ROOM.run("split-dsc", {}, inputs={"dsc": (tmp_path / "a0").open("rb"), **archives}, outputs={})
    assert caught.value.code.startswith("dsc-")
    assert waiting() != first


def test_a_next_one_that_cannot_start_costs_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ROOM.prepare()

    def full(*_: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("transparency.gateways.spares._start", full)
    assert decompress(ROOM, tmp_path, b"kept") == b"kept"
