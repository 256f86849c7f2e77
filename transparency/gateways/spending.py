"""CPU that a process and everything below it has spent, read from Linux's /proc (proc(5)).

The kernel's own limit is of each process: a task that hands its work to a child would get the whole of it once more.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat after the name in brackets: user, system, and the same of children that were waited for.
_CPU_FIELDS = slice(11, 15)


def cpu_seconds_of(process: int) -> float:
    """Seconds of CPU of a process, of those that it waited for, and of all that still descend from it.

    Each is read before its children: one that ends in between is missed this time, and never counted twice.
    """
    ticks, waiting = 0, [process]
    while waiting:
        here = Path("/proc") / str(waiting.pop())
        with suppress(OSError):
            ticks += sum(map(int, (here / "stat").read_text().rpartition(") ")[2].split()[_CPU_FIELDS]))
            for task in (here / "task").iterdir():
                with suppress(OSError):
                    waiting += map(int, (task / "children").read_text().split())
    return ticks / _TICKS_A_SECOND
