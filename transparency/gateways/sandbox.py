"""Run one task on hostile input in a process of its own: no network, nothing to see but the files it was handed, killed at its limits.

Bubblewrap (`bwrap`) gives it empty network, process and mount namespaces with a read-only system; where it is missing, the limits of the
process remain and it tries to leave the network by itself. What the task answers is one JSON object that the caller reads as strictly as
any input (transparency/gateways/contained): whoever takes the task over can lie about the one delivery, and do nothing else.

| code | when |
|---|---|
| limit-cpu, limit-time, limit-memory, limit-output | it was stopped at a limit: an `EvidenceError`, the input is what asks for too much |
| contained-answer | it answered something of another shape than a sound task does |
| contained-died | it died of something else: `UnavailableError`, tried again |
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from transparency.gateways.contained.wire import MAX_ANSWER_BYTES, parse_failure, parse_line
from transparency.gateways.spares import MAX_FILES, spares
from transparency.gateways.spending import cpu_seconds_of
from transparency.proofs.errors import EvidenceError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Kind = Literal["bubblewrap", "rlimits"]
MAX_COMPLAINT_BYTES = 64 * 1024
# Progress comes a few times a second for half an hour; whoever says more only wants us to read it.
MAX_ANSWER_LINES = 65_536
MAX_CPU_SAID, MAX_PEAK_SAID = 1e6, 1 << 50
TICK_SECONDS = 0.5
# How often the CPU of all its processes is added up: a few of them spend less than a second in between.
LOOK_SECONDS = 0.1
TMP_BYTES = 256 * 1024**2
NOBODY = "65534"
_SHELL_SIGNAL = 128
_PACKAGE = Path(__file__).resolve().parent.parent
# Isolated from the environment, and from whatever folder it is started in; the package is found where this file lies,
# before any other copy that is installed.
_START = (
    "import runpy, sys; own = sys.argv.pop(1); "
    "sys.path.insert(sum('-packages' not in entry for entry in sys.path), own); "
    "runpy.run_module('MODULE', run_name='__main__', alter_sys=True)"
)
_TASKS = "transparency.gateways.contained"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a task may use: seconds of CPU (all its processes together) and by the clock, bytes of memory (each) and of one written file."""

    cpu: int = 900
    time: int = 1800
    memory: int = 4 * 1024**3
    output: int = 20 * 1024**3


@dataclass(slots=True)
class Meter:
    """What contained tasks used, as they say themselves: the wrapping hides it from the caller's own accounting."""

    cpu_seconds: float = 0.0
    peak_bytes: int = 0

    def add(self, usage: Any) -> None:
        cpu, peak = (usage.get(name) if isinstance(usage, dict) else None for name in ("cpu", "rss"))
        self.cpu_seconds += cpu if isinstance(cpu, int | float) and 0 <= cpu < MAX_CPU_SAID else 0.0
        self.peak_bytes = max(self.peak_bytes, peak if isinstance(peak, int) and 0 <= peak < MAX_PEAK_SAID else 0)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """How tasks are contained here. With `ready`, bubblewrap has a process waiting for the next task (spares.py)."""

    kind: Kind
    bounds: Bounds = Bounds()
    ready: bool = False

    def run(
        self,
        task: str,
        request: Mapping[str, Any],
        *,
        inputs: Mapping[str, BinaryIO] | None = None,
        outputs: Mapping[str, BinaryIO] | None = None,
        tick: Callable[[dict[str, Any]], None] = lambda _: None,
        meter: Meter | None = None,
        scratch: Path | None = None,
    ) -> dict[str, Any]:
        """The task's answer. It may read `inputs` and write `outputs`, nothing else; `tick` gets its latest progress twice a second.

        What `tick` raises stops the task. Raises what the task raised (by root, code, expected, found, subject), or a code above.
        Temporary files of the task lie in the wrapping's own memory, or without it in a folder below `scratch` that ends with the task.
        """
        files = {**(inputs or {}), **(outputs or {})}
        for stream in files.values():
            stream.flush() if stream.writable() else stream.seek(0)
        limits = {"cpu": self.bounds.cpu, "memory": self.bounds.memory, "output": self.bounds.output}
        numbers = {name: stream.fileno() for name, stream in files.items()}
        with ExitStack() as stack:
            folder = stack.enter_context(_task_folder(scratch)) if self.kind == "rlimits" and scratch else None
            child, send = self._started(task, numbers, folder)
            stack.callback(self.prepare)
            stack.callback(_end, child)
            conversation = _Conversation(child, self.bounds, tick, meter or Meter())
            return conversation.hold(send, {"limits": limits, **request})

    def prepare(self) -> None:
        """Have a process ready for the next task, where that is wanted; one that cannot start now is none."""
        if self.ready and self.kind == "bubblewrap":
            with suppress(OSError):
                spares.prepare(self._command(), contained_environment())

    def _started(
        self, task: str, files: Mapping[str, int], folder: str | None
    ) -> tuple[subprocess.Popen[bytes], Callable[[dict[str, Any]], None]]:
        """The process for this task, and how it gets its request."""
        if self.ready and len(files) <= MAX_FILES and (spare := spares.take(self._command())):
            told = {"task": task, "files": [*files]}
            return spare.child, lambda request: spare.send(json.dumps(told | request).encode(), [*files.values()])
        child = subprocess.Popen(
            [*self._command(), task, *(f"{name}={number}" for name, number in files.items())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[*files.values()],
            env=contained_environment() | ({"TMPDIR": folder} if folder else {}),
            cwd="/",
            start_new_session=True,
        )
        return child, lambda request: _write(child, json.dumps(request).encode())

    def _command(self) -> list[str]:
        return contained_command(self.kind, _TASKS)


def choose_sandbox(wanted: str, bounds: Bounds) -> Sandbox:
    """`auto` takes bubblewrap where it works; asking for it where it does not is `sandbox-missing`."""
    if wanted == "rlimits":
        return Sandbox("rlimits", bounds)
    if bubblewrap_works():
        return Sandbox("bubblewrap", bounds)
    if wanted == "bubblewrap":
        raise UnavailableError("sandbox-missing", expected="a bwrap command that may make namespaces", found="none")
    return Sandbox("rlimits", bounds)


@cache
def bubblewrap_works() -> bool:
    """Whether an empty sandbox starts: the command may be there and the kernel may still refuse namespaces."""
    if shutil.which("bwrap") is None:
        return False
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(
            [*_wrapping("bubblewrap"), "/usr/bin/true"],
            env=contained_environment(),
            capture_output=True,
            timeout=10,
            check=False,
        )
        return done.returncode == 0
    return False


class _Conversation:
    """Writes the request, reads progress and the answer, and keeps an eye on the clock."""

    def __init__(
        self, child: subprocess.Popen[bytes], bounds: Bounds, tick: Callable[[dict[str, Any]], None], meter: Meter
    ) -> None:
        self._child = child
        self._bounds = bounds
        self._tick = tick
        self._meter = meter
        self._progress: dict[str, Any] = {}
        self._answer: dict[str, Any] | None = None
        self._unfinished = bytearray()
        self._complaint = bytearray()
        self._heard = self._lines = 0

    def hold(self, send: Callable[[dict[str, Any]], None], request: dict[str, Any]) -> dict[str, Any]:
        send(request)
        deadline = time.monotonic() + self._bounds.time
        with selectors.DefaultSelector() as selector:
            for pipe in (self._child.stdout, self._child.stderr):
                if pipe is None:
                    raise AssertionError("a pipe was asked for")
                selector.register(pipe, selectors.EVENT_READ)
            next_tick = time.monotonic() + TICK_SECONDS
            next_look = time.monotonic() + LOOK_SECONDS
            while selector.get_map():
                now = time.monotonic()
                if now > deadline:
                    raise EvidenceError("limit-time", expected=f"at most {self._bounds.time} s", found="more")
                if now >= next_look:
                    next_look = now + LOOK_SECONDS
                    self._look()
                if now >= next_tick:
                    next_tick = now + TICK_SECONDS
                    self._tick(self._progress)
                for key, _ in selector.select(min(deadline, next_tick, next_look) - now):
                    self._hear(selector, key.fileobj)
        return self._conclude(deadline)

    def _look(self) -> None:
        """The kernel bounds the CPU of each process; what all of them spent together is bounded here."""
        spent = cpu_seconds_of(self._child.pid)
        if spent > self._bounds.cpu:
            self._meter.add({"cpu": spent})
            raise EvidenceError("limit-cpu", expected=f"at most {self._bounds.cpu} s of CPU", found="more")

    def _hear(self, selector: selectors.BaseSelector, pipe: Any) -> None:
        data = os.read(pipe.fileno(), 1 << 16)
        if not data:
            selector.unregister(pipe)
        elif pipe is self._child.stderr:
            self._complaint += data[: max(0, MAX_COMPLAINT_BYTES - len(self._complaint))]
        else:
            self._heard += len(data)
            if self._heard > MAX_ANSWER_BYTES:
                raise EvidenceError(
                    "limit-output", expected=f"an answer of at most {MAX_ANSWER_BYTES} bytes", found="more"
                )
            *ends, rest = data.split(b"\n")  # of the new bytes alone: a line may be as long as the answer
            for end in ends:
                self._unfinished += end
                self._take(bytes(self._unfinished))
                self._unfinished.clear()
            self._unfinished += rest

    def _take(self, line: bytes) -> None:
        self._lines += 1
        if self._lines > MAX_ANSWER_LINES:
            raise EvidenceError("limit-output", expected=f"an answer of at most {MAX_ANSWER_LINES} lines", found="more")
        message = parse_line(line)
        if isinstance(message.get("progress"), dict):
            self._progress = message["progress"]
        else:
            self._answer = message

    def _conclude(self, deadline: float) -> dict[str, Any]:
        try:
            status = self._child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise EvidenceError("limit-time", expected=f"at most {self._bounds.time} s", found="more") from error
        ended_by = -status if status < 0 else status - _SHELL_SIGNAL
        if ended_by == signal.SIGXCPU:
            raise EvidenceError("limit-cpu", expected=f"at most {self._bounds.cpu} s of CPU", found="more")
        if ended_by == signal.SIGXFSZ:
            raise EvidenceError("limit-output", expected=f"files of at most {self._bounds.output} bytes", found="more")
        if self._answer is None or status:
            said = bytes(self._complaint[-300:]).decode(errors="replace").strip()
            raise UnavailableError("contained-died", expected="an answer", found=f"exit {status}: {said}")
        self._meter.add(self._answer.get("usage"))
        if failure := self._answer.get("error"):
            raise parse_failure(failure)
        answer = self._answer.get("answer")
        if not isinstance(answer, dict):
            raise UnavailableError("contained-died", expected="an answer", found="another message")
        return answer


@contextmanager
def _task_folder(scratch: Path) -> Iterator[str]:
    """A folder for one task's temporary files. Whoever kills the task removes it; whoever kills the caller leaves it to the sweep."""
    folder = tempfile.mkdtemp(prefix="task.", suffix=".tmp", dir=scratch)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(child: subprocess.Popen[bytes], request: bytes) -> None:
    if child.stdin is None:
        raise AssertionError("a pipe was asked for")
    with suppress(BrokenPipeError):  # it died at once; its end says why
        child.stdin.write(request)
        child.stdin.close()


def _end(child: subprocess.Popen[bytes]) -> None:
    """Nothing of the task outlives its caller's interest: its whole process group goes."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()


def contained_environment() -> dict[str, str]:
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}


def contained_command(kind: Kind, module: str, *, show: Sequence[str] = ()) -> list[str]:
    """The command that runs a module of ours in the sandbox; `show` names folders of code that it needs beside this package."""
    start = _START.replace("MODULE", module)
    return [*_wrapping(kind, show), sys.executable, "-I", "-c", start, str(_PACKAGE.parent)]


def _wrapping(kind: Kind, show: Sequence[str] = ()) -> Sequence[str]:
    if kind == "rlimits":
        return ()
    shown = [part for folder in (*_shown_folders(), *show) for part in ("--ro-bind", folder, folder)]
    return (
        "bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
        "--uid", NOBODY, "--gid", NOBODY, "--hostname", "contained",
        "--ro-bind", "/usr", "/usr", "--ro-bind-try", "/lib", "/lib", "--ro-bind-try", "/lib64", "/lib64",
        "--ro-bind-try", "/bin", "/bin", "--ro-bind-try", "/sbin", "/sbin",
        "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--ro-bind-try", "/etc/alternatives", "/etc/alternatives",
        "--proc", "/proc", "--dev", "/dev", "--size", str(TMP_BYTES), "--tmpfs", "/tmp",  # noqa: S108 - the sandbox's own
        *shown, "--chdir", "/", "--",
    )  # fmt: skip


@cache
def _shown_folders() -> tuple[str, ...]:
    """The interpreter and this package, where they are not part of the system; never the folder that the data lies in."""
    wanted = (sys.base_prefix, sys.prefix, str(_PACKAGE))
    return tuple(dict.fromkeys(folder for folder in wanted if not folder.startswith("/usr/") and folder != "/usr"))
