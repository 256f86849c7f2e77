"""What a contained process gives up by itself, before it looks at anything."""

from __future__ import annotations

import ctypes
import signal

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36
CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000


def withdraw() -> None:
    """Die with the parent, keep every descendant in sight, and leave the network where the wrapping did not (the kernel may forbid it)."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)  # what a child leaves behind stays below us, where its CPU is counted
    if libc.unshare(CLONE_NEWNET):
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def close_memory() -> None:
    """No other process of the same user reads or changes this one's memory, its own forks among them (ptrace(2), PR_SET_DUMPABLE)."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0)
