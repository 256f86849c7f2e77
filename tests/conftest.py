"""Fixtures that every room uses: where other people's vectors lie."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.cast import cast, centre, home, keys, open_release, restricted_release

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["cast", "centre", "home", "keys", "open_release", "restricted_release"]

# How long an example takes says nothing on a busy machine; speed is measured in tests/bench.
settings.register_profile("portal", deadline=None)
settings.load_profile("portal")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Path]:
    """Return the folder of a set of external test vectors, or skip saying plainly what is missing; CI never skips."""

    def folder(name: str) -> Path:
        home = Path(os.environ.get("TRANSPARENCY_VECTORS") or ROOT.parent / "shared" / "vectors")
        found = home / name
        if not found.is_dir():
            reason = (
                f"external test vectors {name!r} are absent; set TRANSPARENCY_VECTORS to the folder that holds them"
            )
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        return found

    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-matrix", action="store_true", help="write tests/web/access_matrix.txt anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with few and long tests first: whoever starts them last waits for them alone."""
    first = (
        "tests/stories/",
        "tests/hostile/test_imports",
        "tests/services/test_disk_faults",
        "tests/services/test_import_faults",
    )
    items.sort(key=lambda item: not item.nodeid.startswith(first))
