from __future__ import annotations

import hashlib
import io
import os
import stat
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transparency.gateways import durable
from transparency.gateways.objectstore import ObjectStore
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError, UnavailableError, UnusableInputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ABSENT = Digest.of(b"absent")


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "objects")


def files(tmp_path: Path) -> list[Path]:
    return sorted(path for path in (tmp_path / "objects").rglob("*") if path.is_file())


@given(chunks=st.lists(st.binary(max_size=50), max_size=5))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_put_is_read_and_is_named_by_its_digests(store: ObjectStore, chunks: list[bytes]) -> None:
    data = b"".join(chunks)
    put = store.put("p1", chunks, limit=len(data))
    assert (put.digest, put.size) == (Digest.of(data), len(data))
    assert (put.sha512, put.blake2b512) == (hashlib.sha512(data).digest(), hashlib.blake2b(data).digest())
    assert store.read("p1", put.digest, limit=len(data)) == data
    with store.open("p1", put.digest) as stream:
        assert stream.read() == data


def test_putting_again_keeps_the_one_object(store: ObjectStore, tmp_path: Path) -> None:
    first = store.put_file("p1", io.BytesIO(b"same"), limit=10)
    [path] = files(tmp_path)
    inode = path.stat().st_ino
    assert store.put_file("p1", io.BytesIO(b"same"), limit=10) == first
    assert store.put_bytes("p1", b"same") == first.digest
    assert [path.stat().st_ino for path in files(tmp_path)] == [inode]


def test_objects_cannot_be_written_and_their_folders_are_private(store: ObjectStore, tmp_path: Path) -> None:
    store.put_bytes("p1", b"data")
    [path] = files(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert {
        stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, path.parent.parent, tmp_path / "objects")
    } == {0o700}


def test_one_byte_over_the_limit_is_refused_and_leaves_nothing(store: ObjectStore, tmp_path: Path) -> None:
    assert store.put("p1", [b"12", b"345"], limit=5).size == 5
    endless = iter(lambda: b"x" * 100, b"")
    for chunks in ([b"1234", b"56"], [b"123456"], endless):
        with pytest.raises(UnusableInputError) as refusal:
            store.put("p1", chunks, limit=5)
        assert refusal.value.code == "object-too-large"
    assert len(files(tmp_path)) == 1


def test_an_upload_that_breaks_off_leaves_nothing(store: ObjectStore, tmp_path: Path) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.put("p1", breaking(), limit=100)
    assert files(tmp_path) == []


def test_nothing_is_shared_between_compartments(store: ObjectStore) -> None:
    digest = store.put_bytes("p1", b"secret")
    assert store.has("p1", digest)
    assert not store.has("p2", digest)
    with pytest.raises(UnavailableError) as refusal:
        store.open("p2", digest)
    assert refusal.value.code == "object-missing"
    store.put_bytes("p2", b"secret")
    assert store.read("p2", digest, limit=10) == b"secret"


@pytest.mark.parametrize(
    "name", ["", "p", "1", "p1/..", "..", "../p1", "p1\n", "p-1", "P1", "p1/p2", "p" + "1" * 19, "p١"]
)
def test_a_compartment_is_a_number_of_ours_and_no_path(store: ObjectStore, name: str) -> None:
    with pytest.raises(AssertionError):
        store.put_bytes(name, b"x")
    with pytest.raises(AssertionError):
        store.has(name, ABSENT)


def test_a_damaged_object_is_noticed_when_it_is_read(store: ObjectStore, tmp_path: Path) -> None:
    digest = store.put_bytes("p1", b"as it was")
    [path] = files(tmp_path)
    for damage in (b"as it is!", b"as it wa", b""):
        path.chmod(0o600)
        path.write_bytes(damage)
        with pytest.raises(EvidenceError) as refusal:
            store.read("p1", digest, limit=100)
        assert refusal.value.code == "object-damaged"


def test_reading_is_bounded(store: ObjectStore) -> None:
    digest = store.put_bytes("p1", b"12345")
    assert store.read("p1", digest, limit=5) == b"12345"
    with pytest.raises(EvidenceError) as refusal:
        store.read("p1", digest, limit=4)
    assert refusal.value.code == "object-too-large"
    with pytest.raises(UnavailableError):
        store.read("p1", ABSENT, limit=4)


def test_a_finished_scratch_file_is_adopted_without_a_copy(store: ObjectStore, tmp_path: Path) -> None:
    with durable.temporary_file(store.scratch("p1"), "pack") as (stream, path):
        stream.write(b"packed")
        inode = path.stat().st_ino
        store.adopt("p1", Digest.of(b"packed"), stream, path)
    [kept] = files(tmp_path)
    assert kept.stat().st_ino == inode
    assert store.read("p1", Digest.of(b"packed"), limit=10) == b"packed"


def test_sweeping_removes_what_was_left_unfinished_and_no_object(store: ObjectStore, tmp_path: Path) -> None:
    digest = store.put_bytes("p1", b"object")
    old, fresh = store.scratch("p1") / "object.1.tmp", store.scratch("p2") / "object.2.tmp"
    for path, age in ((old, 1000), (fresh, 3000)):
        path.write_bytes(b"half")
        os.utime(path, (age, age))
    for path in files(tmp_path):
        if path.name == digest.hex:
            os.utime(path, (1, 1))
    assert store.sweep(older_than=2000) == 1
    assert (old.exists(), fresh.exists(), store.has("p1", digest)) == (False, True, True)
    assert store.sweep(older_than=4000) == 1


def test_sweeping_removes_the_folder_of_a_task_whose_caller_was_killed(store: ObjectStore) -> None:
    left = store.scratch("p1") / "task.x.tmp"
    (left / "fsck-1").mkdir(parents=True)
    (left / "fsck-1" / "check.pack").write_bytes(b"source")
    os.utime(left, (1000, 1000))
    assert store.sweep(older_than=2000) == 1
    assert not left.exists()


def test_a_copy_goes_out_where_links_cannot(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = store.put_bytes("p1", b"data" * 1000)
    store.copy_out("p1", digest, tmp_path / "linked")
    store.copy_out("p1", digest, tmp_path / "linked")

    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    store.copy_out("p1", digest, tmp_path / "copied")
    assert (tmp_path / "linked").read_bytes() == (tmp_path / "copied").read_bytes() == b"data" * 1000
    assert not list(tmp_path.glob("*.tmp"))


def test_an_absent_object_does_not_go_out(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError) as refusal:
        store.copy_out("p1", ABSENT, tmp_path / "target")
    assert refusal.value.code == "object-missing"
    assert not (tmp_path / "target").exists()


def test_a_disk_that_fails_to_sync_fails_the_put(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    store.put_bytes("p1", b"makes the folders")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UnavailableError) as refusal:
        store.put_bytes("p1", b"data")
    assert refusal.value.code == "disk-failed"
    assert len(files(tmp_path)) == 1


def test_many_writers_of_one_object_leave_one(store: ObjectStore, tmp_path: Path) -> None:
    data = b"same" * 10_000
    threads = [threading.Thread(target=store.put_bytes, args=("p1", data)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(files(tmp_path)) == 1
    assert store.read("p1", Digest.of(data), limit=100_000) == data
