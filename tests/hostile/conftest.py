"""The canary: a nest of folders in which each test works, and places that hostile names aim at. Nothing in them may change."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hostile.cases import ESCAPED

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that the test runs in: four folders deep, a bystander in each."""
    top = tmp_path / "canary"
    nest = top / "a" / "b" / "c"
    nest.mkdir(parents=True)
    for folder in (top, *(path for path in top.rglob("*") if path.is_dir())):
        (folder / "bystander").write_bytes(b"untouched\n")
    monkeypatch.chdir(nest)
    before = photograph(top)
    yield nest
    assert photograph(top) == before
    assert escapes(tmp_path) == []


def photograph(top: Path) -> dict[str, tuple[int, int, int, int]]:
    """Every path below, with inode, mode, size and time of change."""
    return {
        str(path): (state.st_ino, state.st_mode, state.st_size, state.st_ctime_ns)
        for path in (top, *top.rglob("*"))
        for state in (path.lstat(),)
    }


def escapes(work: Path) -> list[Path]:
    """Whatever has a name that only hostile archives use, in every place that their names aim at."""
    aims = {Path("/"), Path("/etc"), Path("/tmp"), Path(tempfile.gettempdir()), Path.home(), *work.parents}  # noqa: S108
    found = [path for aim in aims for path in aim.glob(f"*{ESCAPED}*")]
    return found + [path for path in work.rglob("*") if ESCAPED in path.name]
