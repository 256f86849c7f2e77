"""Which outside programs this machine has, and what they call themselves. Each is asked once, with nothing of our environment."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from transparency.gateways.sandbox import contained_environment

ASK_SECONDS = 5
MAX_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, what it is for here, and how it is asked for its version (empty: it has no such question)."""

    name: str
    purpose: str
    question: tuple[str, ...]
    needed: bool = False


TOOLS = (
    Tool("git", "reads the repositories that this centre builds itself", ("--version",), needed=True),
    Tool("bwrap", "contains whatever parses hostile input", ("--version",), needed=True),
    Tool("xz", "decompresses .tar.xz", ("--version",), needed=True),
    Tool("sqv", "lets people check OpenPGP signatures without this centre", ("--version",)),
    Tool("ssh-keygen", "lets people check SSH signatures without this centre", ()),
    Tool("minisign", "lets people check minisign signatures without this centre", ("-v",)),
    Tool("signify-openbsd", "lets people check signify signatures without this centre", ()),
)


@cache
def tool_version(tool: Tool) -> str | None:
    """The first line of what it answers; empty where it is there and says nothing; None where it is not there."""
    path = shutil.which(tool.name)
    if path is None:
        return None
    if not tool.question:
        return ""
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(
            [path, *tool.question],
            env=contained_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ASK_SECONDS,
            check=False,
        )
        said = (done.stdout or done.stderr).decode("utf-8", "replace").strip()
        return said.partition("\n")[0][:MAX_CHARACTERS]
    return ""
