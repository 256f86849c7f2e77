"""A file in pieces: durable at each step, one writer, nothing behind what counts, an object without a copy."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transparency.gateways.objectstore import ObjectStore
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError, UnavailableError

if TYPE_CHECKING:
    from pathlib import Path

NAME = "0" * 31 + "1"


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "objects")


def append(store: ObjectStore, offset: int, data: bytes) -> None:
    with store.upload("p1", NAME) as file:
        file.append(offset, data)


@given(pieces=st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=6), rubbish=st.binary(max_size=20))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pieces_become_the_object_and_what_lies_behind_them_does_not(
    store: ObjectStore, pieces: list[bytes], rubbish: bytes
) -> None:
    whole, offset = b"".join(pieces), 0
    for piece in pieces:
        append(store, offset, piece + rubbish)  # its writer died before it could say how many count
        append(store, offset, piece)
        offset += len(piece)
    append(store, offset, rubbish)
    with store.upload("p1", NAME) as file:
        put = store.finish_upload("p1", file, size=len(whole))
        assert store.finish_upload("p1", file, size=len(whole)) == put
    assert put == store.put("p2", [whole], limit=1000)
    assert store.read("p1", put.digest, limit=1000) == whole
    store.discard_upload("p1", NAME)
    assert store.read("p1", put.digest, limit=1000) == whole


def test_a_finished_upload_is_linked_and_not_copied(store: ObjectStore, tmp_path: Path) -> None:
    append(store, 0, b"whole")
    inode = (tmp_path / "objects/p1/uploads" / NAME).stat().st_ino
    with store.upload("p1", NAME) as file:
        put = store.finish_upload("p1", file, size=5)
    assert (tmp_path / "objects/p1" / put.digest.hex[:2] / put.digest.hex).stat().st_ino == inode


def test_two_writers_at_once_are_one_too_many(store: ObjectStore) -> None:
    with store.upload("p1", NAME), pytest.raises(UnavailableError, match="upload-busy"), store.upload("p1", NAME):
        pass
    append(store, 0, b"then it is free")


def test_a_file_begun_anew_under_a_waiting_writer_is_not_written_by_it(store: ObjectStore) -> None:
    with store.upload("p1", NAME) as first:
        first.append(0, b"old")
        store.discard_upload("p1", NAME)
    append(store, 0, b"new")
    assert store.upload_prefix("p1", NAME, 3) == Digest.of(b"new")


@pytest.mark.parametrize("lost", [b"", b"ab"], ids=["the whole file", "its end"])
def test_bytes_that_were_lost_on_the_disk_are_said_and_never_filled(
    store: ObjectStore, tmp_path: Path, lost: bytes
) -> None:
    append(store, 0, b"abcd")
    (tmp_path / "objects/p1/uploads" / NAME).write_bytes(lost)
    with pytest.raises(EvidenceError, match="upload-damaged"):
        append(store, 4, b"efgh")
    with store.upload("p1", NAME) as file, pytest.raises(EvidenceError, match="upload-damaged"):
        store.finish_upload("p1", file, size=4)
    with pytest.raises(EvidenceError, match="upload-damaged"):
        store.upload_prefix("p1", NAME, 4)


def test_a_full_disk_is_weather_and_the_same_piece_may_come_again(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(store, 0, b"abcd")

    def full(_descriptor: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    with monkeypatch.context() as failing:
        failing.setattr(os, "fsync", full)
        with pytest.raises(UnavailableError, match="disk-failed"):
            append(store, 4, b"efgh")
    append(store, 4, b"EFGH")
    assert store.upload_prefix("p1", NAME, 8) == Digest.of(b"abcdEFGH")


def test_a_link_in_the_place_of_an_upload_is_not_followed(store: ObjectStore, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"keep me")
    append(store, 0, b"x")
    store.discard_upload("p1", NAME)
    (tmp_path / "objects/p1/uploads" / NAME).symlink_to(outside)
    with pytest.raises(OSError, match="symbolic links"):
        append(store, 0, b"gone")
    assert outside.read_bytes() == b"keep me"


def test_old_uploads_are_swept_and_leftovers_of_a_day_are_not_uploads(store: ObjectStore, tmp_path: Path) -> None:
    append(store, 0, b"abcd")
    path = tmp_path / "objects/p1/uploads" / NAME
    os.utime(path, (1000, 1000))
    assert store.sweep(older_than=2000) == 0
    assert store.sweep_uploads(older_than=500) == 0
    assert store.sweep_uploads(older_than=2000) == 1
    assert not path.exists()


def test_names_of_uploads_are_never_paths(store: ObjectStore) -> None:
    for name in ("../../etc/passwd", "", "A" * 32, NAME + "0"):
        with pytest.raises(AssertionError), store.upload("p1", name):
            pass
