"""The entry of the contained process: limits first, then the task."""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import socket
import sys
from typing import Any

from transparency.gateways.contained.tasks import TASKS
from transparency.gateways.contained.withdraw import withdraw
from transparency.gateways.durable import disk_weather
from transparency.gateways.spares import LENGTH_BYTES, MAX_FILES
from transparency.proofs.errors import EvidenceError, UnavailableError, UnusableInputError

MAX_REQUEST_BYTES = 64 * 1024**2
MAX_PROCESSES_FILES = 256
_ROOTS = ((UnusableInputError, "unusable"), (EvidenceError, "evidence"), (UnavailableError, "unavailable"))


def main() -> int:
    withdraw()
    name, files, request = _told_at_once(*sys.argv[1:]) if len(sys.argv) > 1 else _told_later()
    _limit(request["limits"])
    # Hundreds of thousands of small values and no cycles: collecting garbage among them would only cost time.
    gc.disable()
    try:
        with disk_weather():
            message: dict[str, Any] = {"answer": TASKS[name](request, files)}
    except (EvidenceError, UnavailableError) as error:
        message = {"error": _told(error)}
    except MemoryError:
        message = {"error": {"root": "evidence", "code": "limit-memory", "expected": "less memory", "found": "more"}}
    message["usage"] = _usage()
    sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
    sys.stdout.buffer.flush()
    return 0


def _told_at_once(name: str, *files: str) -> tuple[str, dict[str, int], dict[str, Any]]:
    """The task and its files as arguments, the request on standard input."""
    numbers = {key: int(number) for key, _, number in (item.partition("=") for item in files)}
    return name, numbers, json.loads(sys.stdin.buffer.read(MAX_REQUEST_BYTES))


def _told_later() -> tuple[str, dict[str, int], dict[str, Any]]:
    """All of it through the socket that standard input is (gateways/spares.py); nothing comes where nobody needed this process."""
    with socket.socket(fileno=os.dup(0)) as line:
        head, numbers, _, _ = socket.recv_fds(line, LENGTH_BYTES, MAX_FILES)
        if len(head) != LENGTH_BYTES:
            os._exit(0)
        with line.makefile("rb") as stream:
            request = json.loads(stream.read(int.from_bytes(head, "big")))
    return request.pop("task"), dict(zip(request.pop("files"), numbers, strict=True)), request


def _limit(limits: dict[str, int]) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu"], limits["cpu"] + 1))
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["output"], limits["output"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_PROCESSES_FILES, MAX_PROCESSES_FILES))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)


def _usage() -> dict[str, Any]:
    """CPU seconds with children, and the largest resident set of one process in bytes."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(item.ru_utime + item.ru_stime for item in spent)
    return {"cpu": round(cpu, 3), "rss": max(item.ru_maxrss for item in spent) * 1024}


def _told(error: EvidenceError | UnavailableError) -> dict[str, Any]:
    root = next(name for kind, name in _ROOTS if isinstance(error, kind))
    texts = {"code": error.code, "expected": error.expected, "found": error.found, "subject": error.subject}
    # What was read may be no text; the wall lets nothing through that no encoding has.
    return {"root": root, **{key: text.encode(errors="backslashreplace").decode() for key, text in texts.items()}}


if __name__ == "__main__":
    status = main()
    # The values of a million members need not be taken apart one by one.
    os._exit(status)
