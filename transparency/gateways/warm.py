"""Warm contained processes: each has loaded a module already and runs its `answer(bytes) -> bytes` in a killable fork for every request.

Where a task of sandbox.py costs a start of Python, this costs a fork. The module's `prepare()` is called once; what a request did is gone
with its fork (transparency/gateways/contained/warm.py).

| code | when |
|---|---|
| warm-limit | the fork was stopped at a limit of CPU, clock, memory or output: an `EvidenceError` |
| warm-failed | the module raised: an `EvidenceError` |
| warm-unavailable | the process could not be started, died, or is not to be had in time: `UnavailableError` |
"""

from __future__ import annotations

import os
import queue
import selectors
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.gateways.contained.warm import ANSWERED, LENGTH_BYTES, STOPPED
from transparency.gateways.sandbox import contained_command, contained_environment
from transparency.proofs.errors import EvidenceError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.gateways.sandbox import Kind

_ENTRY = "transparency.gateways.contained.warm"
_HEAD_BYTES = 1 + LENGTH_BYTES
_START_SECONDS = 20.0  # loading a module on a busy machine
_GRACE_SECONDS = 1.0
_PIPE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class WarmBounds:
    """Of one request: seconds of CPU and by the clock, bytes of memory and of the answer."""

    cpu: int = 2
    time: int = 3
    memory: int = 512 * 1024**2
    output: int = 16 * 1024**2


class WarmPool:
    """Up to `size` processes for one module; safe to share between threads. They start when they are first needed, or by `start`."""

    def __init__(
        self, kind: Kind, module: str, *, show: Sequence[str] = (), size: int = 2, bounds: WarmBounds | None = None
    ) -> None:
        self._bounds = bounds or WarmBounds()
        numbers = (self._bounds.cpu, self._bounds.time, self._bounds.memory, self._bounds.output)
        self._command = [*contained_command(kind, _ENTRY, show=show), module, *map(str, numbers)]
        # A contained process dies with the thread that started it (prctl(2), PR_SET_PDEATHSIG): this one lives as long as the pool.
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="warm")
        self._free: queue.LifoQueue[_Warm | None] = queue.LifoQueue()
        for _ in range(size):
            self._free.put(None)

    def run(self, request: bytes) -> bytes:
        """The module's answer; the codes above."""
        try:
            warm = self._free.get(timeout=self._bounds.time * 2)
        except queue.Empty as error:
            raise UnavailableError("warm-unavailable", expected="a free process", found="all at work") from error
        try:
            if warm is None or not warm.is_alive():
                warm = self._starter.submit(_Warm, self._command).result()
            return warm.ask(request, self._bounds)
        except UnavailableError:
            if warm is not None:
                warm.end()
            warm = None
            raise
        finally:
            self._free.put(warm)

    def start(self) -> None:
        """Start one process now, in the background: the first request need not wait for it."""
        threading.Thread(target=self._start, daemon=True).start()

    def close(self) -> None:
        """End every process that is free."""
        with suppress(queue.Empty):
            while True:
                if warm := self._free.get_nowait():
                    warm.end()

    def _start(self) -> None:
        with suppress(EvidenceError, UnavailableError):
            self.run(b"")


class _Warm:
    """One process and the pipes to it."""

    def __init__(self, command: Sequence[str]) -> None:
        try:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=contained_environment(),
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise UnavailableError("warm-unavailable", expected="a process", found=str(error)) from error
        if self._child.stdin is None or self._child.stdout is None:
            raise AssertionError("pipes were asked for")
        self._to, self._from = self._child.stdin.fileno(), self._child.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)
        self._fresh = True

    def is_alive(self) -> bool:
        return self._child.poll() is None

    def ask(self, request: bytes, bounds: WarmBounds) -> bytes:
        deadline = time.monotonic() + bounds.time + _GRACE_SECONDS + (_START_SECONDS if self._fresh else 0)
        whole = memoryview(len(request).to_bytes(LENGTH_BYTES, "big") + request)  # its rest is no copy
        head, answer = self._exchange(whole, bounds.output, deadline)
        self._fresh = False
        if head == ANSWERED:
            return answer
        if head == STOPPED:
            raise EvidenceError("warm-limit", expected=f"an end within {bounds.cpu} s of CPU", found="more")
        raise EvidenceError("warm-failed", expected="an answer", found="a failure")

    def _exchange(self, rest: memoryview, most: int, deadline: float) -> tuple[int, bytes]:
        heard = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(self._to, selectors.EVENT_WRITE)
            selector.register(self._from, selectors.EVENT_READ)
            while not _is_whole(heard, most):
                left = deadline - time.monotonic()
                ready = selector.select(left) if left > 0 else []
                if not ready:
                    raise UnavailableError("warm-unavailable", expected="an answer in time", found="none")
                for key, _ in ready:
                    if key.fd == self._from:
                        heard += self._read()
                    else:
                        rest = rest[self._write(rest) :]
                        if not rest:
                            selector.unregister(self._to)
        return heard[0], bytes(heard[_HEAD_BYTES:])

    def _read(self) -> bytes:
        data = os.read(self._from, _PIPE_BYTES)
        if not data:
            raise UnavailableError("warm-unavailable", expected="an answer", found="the process ended")
        return data

    def _write(self, data: memoryview) -> int:
        try:
            return os.write(self._to, data[:_PIPE_BYTES])
        except OSError as error:
            raise UnavailableError("warm-unavailable", expected="a process that listens", found=str(error)) from error

    def end(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


def _is_whole(heard: bytearray, most: int) -> bool:
    if len(heard) < _HEAD_BYTES:
        return False
    size = int.from_bytes(heard[1:_HEAD_BYTES], "big")
    if size > most or len(heard) > _HEAD_BYTES + size:
        raise UnavailableError("warm-unavailable", expected=f"an answer of at most {most} bytes", found=str(size))
    return len(heard) == _HEAD_BYTES + size
