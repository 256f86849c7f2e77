"""`make run` without make: everything starts, answers, keeps what it has, and is gone after Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FIRST_START_SECONDS, SECOND_START_SECONDS = 120.0, 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """`manage.py serve` in its own process group."""

    def __init__(self, home: Path, port: int, *, demo: bool = True) -> None:
        environment = {
            **os.environ,
            "TRANSPARENCY_HOME": str(home),
            "PORT": str(port),
            "DJANGO_SETTINGS_MODULE": "transparency.settings",
        }
        for name in ("DATABASE_URL", "REDIS_URL"):
            environment.pop(name, None)
        self.home, self.port = home, port
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "serve", *(["--demo"] if demo else [])],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def wait(self, seconds: float) -> float:
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if self.process.poll() is not None:
                output, _ = self.process.communicate()
                pytest.fail(f"serve ended with {self.process.returncode}: {output[-3000:]}")
            try:
                if self.get("/healthz") == "ok\n":
                    return time.monotonic() - began
            except (urllib.error.URLError, ConnectionError):
                pass
            time.sleep(0.2)
        self.stop()
        pytest.fail(f"not ready after {seconds} s")

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    def children(self) -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if f"TRANSPARENCY_HOME={self.home}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                        found.append(int(entry.name))
                except OSError:
                    continue
        return [pid for pid in found if pid != self.process.pid]

    def stop(self) -> str:
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=40)
        return output


def test_first_start_imports_its_own_source_and_the_second_keeps_everything(tmp_path: Path) -> None:
    home, port = tmp_path / "var", free_port()
    served = Served(home, port)
    served.wait(FIRST_START_SECONDS)
    page = served.get("/")
    assert "transparency-centre" in page
    assert "ledger-core" not in page
    release = served.get("/products/transparency-centre/0.1.0/")
    assert "not attempted" in release
    checkpoint = served.get("/log/checkpoint")
    assert checkpoint.splitlines()[1] == "6"  # two deliveries, two keys, two lists of builds
    with pytest.raises(urllib.error.HTTPError, match="404"):
        served.get("/products/ledger-core/3.1/")
    assert len(served.children()) >= 3, "broker, worker and web server run"
    output = served.stop()
    assert f"http://localhost:{port}/" in output
    for person in ("vera", "anna", "bela", "olga"):
        assert json.loads((home / "demo" / "passwords.json").read_text())[person] in output
    time.sleep(0.5)
    assert served.children() == [], "Ctrl-C stops all that it started"

    again = Served(home, port)
    again.wait(SECOND_START_SECONDS)
    assert again.get("/log/checkpoint") == checkpoint
    assert "importing" not in again.stop()


def test_a_port_in_use_is_said_plainly(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        served = Served(tmp_path / "var", int(taken.getsockname()[1]))
        output, _ = served.process.communicate(timeout=60)
    assert served.process.returncode != 0
    assert "is in use; choose another" in output
