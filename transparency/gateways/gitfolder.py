"""Bare repositories of our own making: packs are linked in, and nothing of a vendor's or a user's configuration ever is."""

from __future__ import annotations

import os
import secrets
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Nothing of the machine's or a user's git configuration reaches a command of ours.
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C",
}
_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n\thooksPath = /dev/null\n"


def create_repository(folder: Path, packs: Sequence[tuple[Path, Path]]) -> None:
    """Make a bare repository of packs and their indexes at `folder`, atomically; an existing one is left alone."""
    if (folder / "config").exists():
        return
    fresh = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}")
    pack_folder = fresh / "objects" / "pack"
    pack_folder.mkdir(parents=True)
    (fresh / "refs").mkdir()
    (fresh / "HEAD").write_text("ref: refs/heads/none\n")
    for number, (pack, index) in enumerate(packs):
        _place(pack, pack_folder / f"pack-{number:040x}.pack")
        _place(index, pack_folder / f"pack-{number:040x}.idx")
    (fresh / "config").write_text(_CONFIG)
    try:
        fresh.rename(folder)
    except OSError:
        shutil.rmtree(fresh)
        if not (folder / "config").exists():  # else another process was faster
            raise


def _place(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
