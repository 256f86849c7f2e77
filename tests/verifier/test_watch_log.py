"""The one-file monitor against logs that grow, and against ones that were rewritten, cut, forked or signed by another."""

from __future__ import annotations

import base64
import subprocess
import sys
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from transparency.proofs.digest import Digest
from transparency.proofs.log.checkpoint import Checkpoint, sign_checkpoint
from transparency.proofs.log.merkle import leaf_hash, root_of
from transparency.proofs.log.note import format_vkey, generate_signing_key
from transparency.proofs.log.tiles import bundles_to_write, format_entries

if TYPE_CHECKING:
    from pathlib import Path

KEY = generate_signing_key("log.watch.test/x")


class Log:
    """A log's public files in a folder, and somebody who watches them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "log"
        self.seen = folder / "seen.json"

    def publish(
        self, entries: list[bytes], *, size: int | None = None, root: bytes | None = None, key: object = KEY
    ) -> None:
        for bundle in bundles_to_write(0, len(entries)):
            path = self.folder / bundle.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(format_entries(entries[bundle.index * 256 : bundle.index * 256 + bundle.width]))
        found = root or root_of([leaf_hash(entry) for entry in entries])
        note = Checkpoint("log.watch.test/x", len(entries) if size is None else size, Digest(found))
        (self.folder / "checkpoint").write_bytes(sign_checkpoint(note, key))  # type: ignore[arg-type]

    def watch(self, *more: str) -> subprocess.CompletedProcess[str]:
        program = str(files("transparency.verifier") / "watch_log.py")
        command = [sys.executable, program, f"file://{self.folder}/", str(self.seen), *more]
        return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def entries(count: int) -> list[bytes]:
    return [b'{"n":%d}' % number for number in range(count)]


def test_what_is_new_is_told_once(log: Log) -> None:
    vkey = format_vkey(KEY.verifier)
    log.publish(entries(3))
    first = log.watch("--vkey", vkey)
    assert (first.returncode, first.stdout.splitlines()[0]) == (0, '0 {"n":0}')
    assert "signature holds" in first.stdout
    log.publish(entries(300))
    second = log.watch()
    assert second.returncode == 0
    assert second.stdout.splitlines()[0] == '3 {"n":3}'
    assert "NOT CHECKED" in second.stdout
    assert len(log.watch("--vkey", vkey).stdout.splitlines()) == 1


def test_every_way_to_cheat_is_an_alarm(log: Log) -> None:
    log.publish(entries(5))
    assert log.watch().returncode == 0
    remembered = log.seen.read_bytes()
    other = generate_signing_key("log.watch.test/x")
    changed = [*entries(4), b"another"]
    cheats = {
        "smaller": (entries(4), {}),
        "same size, another root": (changed, {}),
        "a rewritten beginning": ([*changed, b"more"], {}),
        "a root that the entries do not give": (entries(6), {"root": bytes(32)}),
        "another key": (entries(5), {"key": other}),
    }
    for cheat, (found, more) in cheats.items():
        log.publish(found, **more)  # type: ignore[arg-type]
        answer = log.watch("--vkey", format_vkey(KEY.verifier))
        assert (answer.returncode, answer.stderr[:5]) == (1, "ALARM"), cheat
        assert log.seen.read_bytes() == remembered, cheat  # what was seen is never replaced by a lie
    log.publish(entries(5))
    note = (log.folder / "checkpoint").read_text().rstrip("\n")
    head, _, signature = note.rpartition(" ")
    raw = bytearray(base64.b64decode(signature))
    raw[-1] ^= 1
    (log.folder / "checkpoint").write_text(f"{head} {base64.b64encode(raw).decode()}\n")
    assert log.watch("--vkey", format_vkey(KEY.verifier)).returncode == 1


def test_a_log_that_is_away_is_no_alarm(log: Log) -> None:
    answer = log.watch()
    assert (answer.returncode, "could not be read" in answer.stderr) == (2, True)
    log.publish(entries(2))
    (log.folder / "tile/entries/000.p/2").write_bytes(b"\x00")
    assert log.watch().returncode == 2
