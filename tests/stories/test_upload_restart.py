"""The whole server is killed while a file arrives, twice; what has arrived is there after each start, and the delivery is made."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.cast import Key, make_key
from tests.stories.test_serve import FIRST_START_SECONDS, ROOT, Served, free_port

if TYPE_CHECKING:
    from pathlib import Path

# Small pieces make a short file a long way.
PIECE, SIZE = 32 * 1024, 16_000_000
ENOUGH_SECONDS = 120.0
PREPARE = """
import sys
from transparency.models import Organisation, Person
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.issue_token import issue_token
release = ensure_release(vendor="acme", product="widget", version="1.0", restricted=True)
vera = Person.objects.create_user("vera", password="vera-password-long", organisation=Organisation.objects.get(slug="acme"))
enrol_product_anchor(product=release.product, public_text=sys.argv[1], enrolled_by=vera)
print(issue_token(product=release.product, owner=vera, name="CI", days=1)[1])
"""


def kill(served: Served) -> None:
    """SIGKILL for the supervisor and everything that it started: nothing is written any more, nobody says good-bye."""
    started = served.children()
    served.process.kill()
    for pid in started:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    served.process.communicate()


def arrived(home: Path) -> tuple[str, int, int]:
    """Id, bytes that have arrived and size of the one upload, as they are on the disk."""
    with sqlite3.connect(f"file:{home}/portal.sqlite3?mode=ro", uri=True, timeout=30) as database:
        rows = database.execute("SELECT id, received, size FROM transparency_upload").fetchall()
    assert len(rows) < 2
    return rows[0] if rows else ("", 0, 0)


def wait_for(home: Path, bytes_there: int, pushing: subprocess.Popen[str]) -> tuple[str, int, int]:
    until = time.monotonic() + ENOUGH_SECONDS
    while (found := arrived(home))[1] < bytes_there:
        assert pushing.poll() is None, pushing.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)
    return found


class Vendor:
    """A machine with an archive, its signature, and a token."""

    def __init__(self, folder: Path, home: Path, url: str, key: Key) -> None:
        self.folder, self.url = folder, url
        self.archive = folder / "widget-2.0.tar"
        noise = random.Random(7).randbytes(SIZE)
        with tarfile.open(self.archive, "w", format=tarfile.USTAR_FORMAT) as tar:
            member = tarfile.TarInfo("widget-2.0/noise")
            member.size = len(noise)
            tar.addfile(member, io.BytesIO(noise))
        (folder / "widget.sig").write_bytes(key.sign(self.archive.read_bytes()))
        script = f"import django; django.setup(){PREPARE}"
        environment = {**os.environ, "TRANSPARENCY_HOME": str(home), "DJANGO_SETTINGS_MODULE": "transparency.settings"}
        done = subprocess.run(
            [sys.executable, "-c", script, key.public], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
        )  # fmt: skip
        (folder / "token").write_text(done.stdout)

    def push(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [
                sys.executable, "-m", "transparency.client", "push", str(self.archive), "--product", "widget",
                "--release", "2.0", "--url", self.url, "--token-file", str(self.folder / "token"),
                "--signature", str(self.folder / "widget.sig"), "--json",
            ],
            cwd=ROOT, env={**os.environ, "XDG_STATE_HOME": str(self.folder)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip


@pytest.mark.slow
def test_an_upload_goes_on_after_the_server_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("CHUNK", PIECE), ("RESERVE", 0)):
        monkeypatch.setenv(f"TRANSPARENCY_UPLOAD_{name}", str(value))
    home, port = tmp_path / "var", free_port()
    served = Served(home, port, demo=False)
    try:
        served.wait(FIRST_START_SECONDS)
        vendor = Vendor(tmp_path, home, f"http://127.0.0.1:{port}", make_key(tmp_path / "keys", "vendor"))

        pushing = vendor.push()
        identity, _, size = wait_for(home, SIZE // 8, pushing)
        kill(served)
        pushing.kill()
        pushing.communicate()
        first = arrived(home)
        assert (first[0], first[2]) == (identity, size)
        assert SIZE // 8 <= first[1] < size

        served = Served(home, port, demo=False)
        served.wait(FIRST_START_SECONDS)
        assert arrived(home) == first, "what has arrived is there, and no more is said to be"
        pushing = vendor.push()
        wait_for(home, first[1] + SIZE // 4, pushing)
        kill(served)  # this time the client lives, and waits
        second = arrived(home)
        assert first[1] < second[1] < size

        served = Served(home, port, demo=False)
        out, err = pushing.communicate(timeout=ENOUGH_SECONDS)
        assert "going on from there" in err
        assert "trying again" in err
        answer = json.loads(out)
        assert (pushing.returncode, answer["state"], answer["verdict"]["outcome"]) == (0, "admitted", "valid")
        assert arrived(home) == (identity, size, size), "one upload, from beginning to end"
    finally:
        if served.process.poll() is None:
            served.stop()
