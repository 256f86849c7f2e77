"""What was last done for the installation, in small files of the data folder (`upkeep/NAME.json`), and the lock between its kinds.

These files say when and with what result; losing them loses no more than that.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from transparency.gateways.durable import disk_weather, make_folder, write_durable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MAX_BYTES = 64 * 1024


def write_upkeep(root: Path, name: str, facts: Mapping[str, Any]) -> None:
    """Replace what is known of the last `name`."""
    write_durable(root / "upkeep" / f"{name}.json", json.dumps(dict(facts), sort_keys=True).encode(), mode=0o600)


def read_upkeep(root: Path, name: str) -> dict[str, Any] | None:
    """What is known of the last `name`; None when nothing is, or nothing that can be read."""
    try:
        with (root / "upkeep" / f"{name}.json").open("rb") as stream:
            facts = json.loads(stream.read(MAX_BYTES))
    except (OSError, ValueError):
        return None
    return facts if isinstance(facts, dict) else None


@contextmanager
def upkeep_lock(root: Path, *, wait: bool) -> Iterator[bool]:
    """Whether the lock is held: backup and the removal of unused objects exclude each other on this machine."""
    make_folder(root / "upkeep")
    with disk_weather():
        descriptor = os.open(root / "upkeep" / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
