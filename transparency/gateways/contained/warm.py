"""The entry of a warm contained process: it loads a module once, then runs its `answer(bytes) -> bytes` in a fork for each request.

Each fork has limits of its own and is killed at them; nothing that a request did to its process is there for the next one, and no fork
reaches into the memory of the process that it came from.

    request   4-byte big-endian length, that many bytes
    answer    one byte (0 answered, 1 failed, 2 stopped at a limit), 4-byte length, that many bytes
"""

from __future__ import annotations

import importlib
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from transparency.gateways.contained.withdraw import close_memory, withdraw

if TYPE_CHECKING:
    from types import ModuleType

ANSWERED, FAILED, STOPPED = 0, 1, 2
LENGTH_BYTES = 4
_COPY_BYTES = 1 << 20
_CHILDREN = Path(f"/proc/self/task/{os.getpid()}/children")
_ROUNDS, _PAUSE_SECONDS = 200, 0.005


def main() -> int:
    name, *numbers = sys.argv[1:]
    cpu, seconds, memory, output = (int(number) for number in numbers)
    withdraw()
    close_memory()
    module = importlib.import_module(name)
    module.prepare()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while (head := sys.stdin.buffer.read(LENGTH_BYTES)) and len(head) == LENGTH_BYTES:
        request = sys.stdin.buffer.read(int.from_bytes(head, "big"))
        status, answer = _fork(module, request, cpu, seconds, memory, output)
        sys.stdout.buffer.write(bytes([status]) + len(answer).to_bytes(LENGTH_BYTES, "big") + answer)
        sys.stdout.buffer.flush()
    return 0


def _fork(module: ModuleType, request: bytes, cpu: int, seconds: int, memory: int, output: int) -> tuple[int, bytes]:
    place = os.memfd_create("answer")
    try:
        child = os.fork()
        if child == 0:
            _answer(module, request, place, cpu, memory, output)
        watched = os.pidfd_open(child)
        try:
            in_time, _, _ = select.select([watched], [], [], seconds)
        finally:
            os.close(watched)
        if not in_time:
            os.kill(child, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status < 0 or not in_time:
            return STOPPED, b""
        if status:
            return FAILED, b""
        return ANSWERED, os.pread(place, os.fstat(place).st_size, 0)
    finally:
        os.close(place)
        _end_descendants()


def _end_descendants() -> None:
    """Nothing that a fork left behind is there for the next request: orphans come to us (withdraw.py). What cannot be ended ends all."""
    for _ in range(_ROUNDS):
        try:
            os.waitpid(-1, os.WNOHANG)
            for child in _CHILDREN.read_text().split():
                with suppress(ProcessLookupError):
                    os.kill(int(child), signal.SIGKILL)
        except ChildProcessError:
            return
        time.sleep(_PAUSE_SECONDS)
    os._exit(1)


def _answer(module: ModuleType, request: bytes, place: int, cpu: int, memory: int, output: int) -> None:
    """In the fork; never returns."""
    status = 1
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)  # the pipes to the portal are not its business
        os.dup2(nothing, 1)
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_FSIZE, (output, output))
        rest = memoryview(module.answer(request))
        while rest:
            rest = rest[os.write(place, rest[:_COPY_BYTES]) :]
        status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    os._exit(main())
