"""The canary: a nest of folders in which each test works, and places that hostile names aim at. Nothing in them may change."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import transparency
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


@pytest.fixture
def outside(home: Path, canary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home and a folder for temporary files of this test's own; nothing but the data folder may change."""
    for variable in ("HOME", "TMPDIR"):
        folder = tmp_path / variable.lower()
        folder.mkdir()
        (folder / "bystander").write_bytes(b"untouched\n")
        monkeypatch.setenv(variable, str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    home.mkdir(exist_ok=True)
    before = surroundings(tmp_path, home)
    yield canary
    assert surroundings(tmp_path, home) == before


def surroundings(work: Path, home: Path) -> dict[str, tuple[int, int, int, int]]:
    """All that a process of ours could write to and has no business in: beside the data folder, and the program itself."""
    seen = photograph(work) | photograph(Path(transparency.__file__).parent)
    return {path: state for path, state in seen.items() if not path.startswith(str(home)) and "__pycache__" not in path}


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
