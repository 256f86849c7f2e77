"""What the processes below this one spend, by the kernel's account of each, read by somebody else than the code under test."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

SAMPLE_SECONDS = 0.1


class Spent(threading.Thread):
    """While it is entered: the most CPU seconds that each process below this one was ever seen with, added up in `seconds`."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._done = threading.Event()
        self._before = set(_processes())
        self._seen: dict[int, int] = {}

    def run(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            ours = {os.getpid()}
            for process, (parent, ticks) in sorted(_processes().items()):
                if parent in ours and process not in self._before:
                    ours.add(process)
                    self._seen[process] = max(self._seen.get(process, 0), ticks)
                elif process in self._seen:
                    ours.add(process)
                    self._seen[process] = max(self._seen[process], ticks)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self.join()

    @property
    def seconds(self) -> float:
        return sum(self._seen.values()) / os.sysconf("SC_CLK_TCK")


def _processes() -> dict[int, tuple[int, int]]:
    """Parent and own ticks of every process."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(") ")[2].split()
            found[int(folder.name)] = int(fields[1]), int(fields[11]) + int(fields[12])
    return found
