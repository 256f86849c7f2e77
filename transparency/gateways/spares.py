"""A contained process that is started before it is needed: it has loaded its code and waits for its one request on a socket.

It does one task and ends, like any other: nothing is shared between tasks, only the start of Python is over when a task comes. The socket
is its standard input; the first message is the length of the request (8 bytes, big-endian) with the files' descriptors (SCM_RIGHTS).

Like every contained process it dies with the thread that started it: a worker's main one, or one that waits no shorter than it is wanted.
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LENGTH_BYTES = 8
# More than a source package may have; the kernel passes at most 253 at once.
MAX_FILES = 128


@dataclass(frozen=True, slots=True)
class Spare:
    """A process that waits, and the line to it."""

    command: tuple[str, ...]
    child: subprocess.Popen[bytes]
    line: socket.socket

    def send(self, request: bytes, files: Sequence[int]) -> None:
        """Its one request; of a process that died meanwhile, its end says so."""
        with self.line, suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(self.line, [len(request).to_bytes(LENGTH_BYTES, "big")], files)
            self.line.sendall(request)

    def end(self) -> None:
        self.line.close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()
        for pipe in (self.child.stdout, self.child.stderr):
            if pipe is not None:
                pipe.close()


class Spares:
    """At most one process that waits, of this process alone; safe to share between threads."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._ready: Spare | None = None
        self._owner = 0

    def prepare(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start one unless one waits."""
        with self._turn:
            if self._mine() is None:
                self._ready, self._owner = _start(command, environment), os.getpid()

    def take(self, command: Sequence[str]) -> Spare | None:
        """The one that waits, for whoever wants just that; None where there is none."""
        with self._turn:
            found, self._ready = self._mine(), None
        if found is not None and (found.command != tuple(command) or found.child.poll() is not None):
            found.end()
            return None
        return found

    def close(self) -> None:
        with self._turn:
            found, self._ready = self._mine(), None
        if found is not None:
            found.end()

    def _mine(self) -> Spare | None:
        """After a fork the parent's is the parent's."""
        return self._ready if self._owner == os.getpid() else None


def _start(command: Sequence[str], environment: Mapping[str, str]) -> Spare:
    ours, theirs = socket.socketpair()
    with theirs:
        child = subprocess.Popen(
            command,
            stdin=theirs.fileno(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
    return Spare(tuple(command), child, ours)


spares = Spares()
atexit.register(spares.close)
