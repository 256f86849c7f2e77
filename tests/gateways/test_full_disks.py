"""Uploads, the store and the log on a disk that refuses any one request: weather with a code, and the next try works."""

from __future__ import annotations

import errno
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.services.faults import Disk
from transparency.gateways.logstore import LogStore
from transparency.gateways.objectstore import ObjectStore
from transparency.proofs.digest import Digest
from transparency.proofs.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "0" * 31 + "1"
ERRORS = pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO], ids=["full", "failing"])


def upload(root: Path) -> None:
    """A whole upload in two pieces, with rubbish of a dead writer behind it, made an object and discarded."""
    store = ObjectStore(root)
    with store.upload("p1", NAME) as file:
        file.append(0, b"who")
        file.append(3, b"le and rubbish")
        assert store.finish_upload("p1", file, size=5).digest == Digest.of(b"whole")
    store.discard_upload("p1", NAME)


def remove(root: Path) -> None:
    """An object is put twice and removed, and what others left unfinished is swept."""
    store = ObjectStore(root)
    digest = store.put_bytes("p1", b"x" * 100_000)
    store.put_bytes("p1", b"x" * 100_000)
    subprocess.run(["touch", str(store.scratch("p1") / "left.tmp")], check=True)  # by somebody whose disk is well
    store.sweep(older_than=1e11)
    assert store.remove("p1", digest, older_than=1e11)


def publish(root: Path) -> None:
    """The log's lock is taken and a tile and the checkpoint are written."""
    log = LogStore(root)
    with log.sequencer_lock():
        log.write("tile/0/000", b"tile")
        log.write("checkpoint", b"checkpoint")
    assert log.read("checkpoint") == b"checkpoint"


@ERRORS
@pytest.mark.parametrize("work", [upload, remove, publish])
def test_whatever_is_refused_is_weather_and_the_next_try_works(
    tmp_path: Path, work: Callable[[Path], None], number: int
) -> None:
    clean = Disk()
    with clean.mounted(tmp_path):
        work(tmp_path / "clean")
    assert clean.asked > 5
    told = 0
    for place in range(1, clean.asked + 1):
        root, disk = tmp_path / str(place), Disk(place, number)
        try:
            with disk.mounted(tmp_path):
                work(root)
        except UnavailableError as error:
            assert error.code in {"disk-full", "disk-failed"}, disk.refused
            told += 1
        assert disk.refused
        work(root)
        assert not list(root.glob("p1/uploads/*"))
    assert told > clean.asked // 2


def test_what_is_buffered_fails_where_it_is_flushed_as_in_life(tmp_path: Path) -> None:
    disk = Disk(2)
    with disk.mounted(tmp_path), suppress(UnavailableError), (tmp_path / "small").open("xb") as stream:
        stream.write(b"buffered")  # nothing is asked of the disk yet
        assert disk.asked == 1
        with pytest.raises(OSError, match="No space left"):
            stream.flush()
    assert disk.refused == "write"
    assert (tmp_path / "small").read_bytes() == b"buffered"  # closing tried again, and this fault was over
