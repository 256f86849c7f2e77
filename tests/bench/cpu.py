"""CPU time of processes with all their children, the ended ones too: what a page costs, whoever else is on the machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
_PARENT, _TIMES = (
    1,
    slice(11, 15),
)  # of the fields after the name: user, system, and both of children that were waited for


def cpu_ms(roots: Iterable[int]) -> float:
    """Milliseconds that these processes and everything below them have used so far."""
    fields = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields[int(stat.parent.name)] = stat.read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile; its parent has its time
            continue
    family = set(roots)
    while more := {pid for pid, each in fields.items() if int(each[_PARENT]) in family} - family:
        family |= more
    return sum(int(ticks) for pid in family if pid in fields for ticks in fields[pid][_TIMES]) * _TICK_MS
