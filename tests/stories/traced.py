"""The real import command in a process of its own, whose system calls fail where strace says: the disk below it, not our code.

A place is the n-th call of one name by one process: `command` is the process that receives, stores, writes rows and log (SQLite included),
the name of a task is the contained process that does it. Places are found in a clean run; only those that touch the data folder count.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent.parent
COMMAND = "command"
CALLS = (
    "write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "ftruncate", "fallocate", "openat", "rename", "renameat", "renameat2",
    "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "fchmod", "utimensat", "sendfile", "copy_file_range",
)  # fmt: skip
_LINE = re.compile(r"(\w+)\((.*)")
# Python says by itself where the program is that starts contained processes; strace is put in between there.
_PROGRAM = """
import json, os, sys
from django.core.management import execute_from_command_line
sys.executable = os.environ.get("CONTAINED_PYTHON", sys.executable)
for command in json.loads(sys.argv[1]):
    execute_from_command_line(["manage.py", *command])
"""


@dataclass(frozen=True, slots=True)
class Place:
    """The `number`-th call of `call` in `process`."""

    process: str
    call: str
    number: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: its exit status, the objects that it printed, what it complained of, the lines of strace."""

    status: int
    printed: tuple[dict[str, Any], ...]
    complaint: str
    lines: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Site:
    """A folder with an installation in it: `template` is kept, `home` is made of it anew for each run."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "var"

    def keep(self) -> None:
        shutil.copytree(self.home, self.folder / "template")

    def renew(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self.folder / "template", self.home)

    def run(
        self, *commands: Sequence[str], trace: Sequence[str] = (), place: Place | None = None, error: str = "", attempts: int = 1
    ) -> Ended:  # fmt: skip
        """Run management commands in one process, with strace on the processes named in `trace`."""
        for old in self.folder.glob("trace.*"):
            old.unlink()
        program = [sys.executable, "-c", _PROGRAM, json.dumps(commands)]
        fault = {place.process: f"inject={place.call}:error={error}:when={place.number}"} if place else {}
        environment = {
            **os.environ,
            "TRANSPARENCY_HOME": str(self.home),
            "TRANSPARENCY_SANDBOX": "rlimits",
            "TRANSPARENCY_JOB_ATTEMPTS": str(attempts),
            "DJANGO_SETTINGS_MODULE": "transparency.settings",
            "PYTHONPATH": str(ROOT),
            "PYTHONHASHSEED": "0",
        }
        for name in ("DATABASE_URL", "REDIS_URL"):
            environment.pop(name, None)
        if COMMAND in trace:
            program = [*self._strace(COMMAND, fault.get(COMMAND)), *program]
        if tasks := [name for name in trace if name != COMMAND]:
            environment["CONTAINED_PYTHON"] = str(self._contained_python(tasks, fault))
        done = subprocess.run(program, cwd=ROOT, env=environment, capture_output=True, check=False)
        lines = {
            path.name.partition(".")[2]: tuple(path.read_text().splitlines())
            for path in sorted(self.folder.glob("trace.*"))
        }
        printed = tuple(json.loads(line) for line in done.stdout.splitlines())
        return Ended(done.returncode, printed, done.stderr.decode(errors="replace"), lines)

    def places(self, ended: Ended) -> list[Place]:
        """Every place of a clean run where something is asked of the data folder that a full or failing disk refuses."""
        found = []
        for name, lines in ended.lines.items():
            process = name.partition(".")[0]
            counts: Counter[str] = Counter()
            for line in lines:
                match = _LINE.match(line)
                if match is None:
                    continue
                counts[match[1]] += 1
                if self.touches(line) and (match[1] != "openat" or "O_CREAT" in line or "O_TMPFILE" in line):
                    found.append(Place(process, match[1], counts[match[1]]))
        return list(dict.fromkeys(found))

    def touches(self, line: str) -> bool:
        return f"{self.home}/" in line or f"{self.home}>" in line

    def struck(self, ended: Ended) -> str:
        """The call that was refused, when it was one on the data folder."""
        injected = [line for lines in ended.lines.values() for line in lines if "(INJECTED)" in line]
        return injected[0] if injected and all(self.touches(line) for line in injected) else ""

    def _strace(self, name: str, fault: str | None) -> list[str]:
        log = str(self.folder / f"trace.{name}")
        return [
            "strace",
            "-o",
            log,
            "-qq",
            "-y",
            "-s0",
            "-e",
            f"trace={','.join(CALLS)}",
            *(["-e", fault] if fault else []),
        ]

    def _contained_python(self, tasks: Sequence[str], fault: dict[str, str]) -> Path:
        cases = "".join(
            f'*" {task} "*) exec {" ".join(self._strace(f"{task}.$$", fault.get(task)))} {sys.executable} "$@";;\n'
            for task in tasks
        )
        path = self.folder / "contained-python"
        path.write_text(f'#!/bin/sh\ncase " $* " in\n{cases}*) exec {sys.executable} "$@";;\nesac\n')
        path.chmod(0o755)
        return path
