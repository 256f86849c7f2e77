from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from transparency.gateways.cache import Cache
from transparency.gateways.objectstore import ObjectStore
from transparency.proofs.digest import Digest
from transparency.proofs.errors import UnavailableError


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "objects")


@pytest.fixture
def cache(tmp_path: Path, store: ObjectStore) -> Cache:
    return Cache(tmp_path / "cache", store, limit=1000)


def everything(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_an_object_is_materialised_and_may_be_lost(cache: Cache, store: ObjectStore) -> None:
    digest = store.put_bytes("p1", b"data")
    path = cache.materialise("p1", digest)
    assert path.read_bytes() == b"data"
    assert cache.materialise("p1", digest) == path
    path.unlink()
    assert cache.materialise("p1", digest).read_bytes() == b"data"
    assert store.read("p1", digest, limit=10) == b"data"


def test_another_products_object_is_not_materialised(cache: Cache, store: ObjectStore) -> None:
    digest = store.put_bytes("p1", b"data")
    with pytest.raises(UnavailableError) as refusal:
        cache.materialise("p2", digest)
    assert refusal.value.code == "object-missing"
    with pytest.raises(UnavailableError):
        cache.materialise("p1", Digest.of(b"absent"))


def test_erasing_takes_every_derived_copy_of_one_product_and_no_other(
    cache: Cache, store: ObjectStore, tmp_path: Path
) -> None:
    for compartment in ("p1", "p2", "p10"):
        cache.materialise(compartment, store.put_bytes(compartment, b"data"))
        (cache.folder(compartment, "repositories") / "x").mkdir()
        (cache.folder(compartment, "repositories") / "x" / "pack").write_bytes(b"plain")
        (cache.folder(compartment, "rows") / "y").write_bytes(b"plain")
    cache.erase("p1")
    assert not (tmp_path / "cache" / "p1").exists()
    assert len(everything(tmp_path)) == 6
    cache.erase("p1")
    assert store.has("p1", Digest.of(b"data"))


def test_shrinking_removes_the_longest_unused_until_the_rest_fits(
    cache: Cache, store: ObjectStore, tmp_path: Path
) -> None:
    digests = [store.put_bytes("p1", bytes([number]) * 300) for number in range(5)]
    for age, digest in enumerate(digests):
        os.utime(cache.materialise("p1", digest), (age, age))
    folder = cache.folder("p2", "repositories") / "old"
    folder.mkdir()
    (folder / "pack").write_bytes(bytes(400))
    os.utime(folder, (-1, -1))
    assert cache.shrink() == 400 + 300 + 300
    kept = {path.name for path in everything(tmp_path)}
    assert kept == {digest.hex for digest in digests[2:]}
    assert cache.shrink() == 0


def test_using_an_entry_keeps_it(cache: Cache, store: ObjectStore, tmp_path: Path) -> None:
    digests = [store.put_bytes("p1", bytes([number]) * 600) for number in range(2)]
    for digest in digests:
        os.utime(cache.materialise("p1", digest), (1, 1))
    cache.materialise("p1", digests[0])
    assert cache.shrink() == 600
    assert [path.name for path in everything(tmp_path)] == [digests[0].hex]


def test_what_fits_exactly_stays(cache: Cache, store: ObjectStore) -> None:
    cache.materialise("p1", store.put_bytes("p1", bytes(1000)))
    assert cache.shrink() == 0
    cache.materialise("p1", store.put_bytes("p1", b"x"))
    assert cache.shrink() > 0


def test_an_entry_that_vanishes_while_shrinking_is_no_error(
    cache: Cache, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        cache.materialise("p1", store.put_bytes("p1", bytes([number]) * 600))
    repository = cache.folder("p1", "repositories") / "r"
    repository.mkdir()
    (repository / "pack").write_bytes(bytes(500))
    usual = Path.glob

    def glob(self: Path, pattern: str) -> list[Path]:
        found = list(usual(self, pattern))
        found[0].unlink() if found[0].is_file() else shutil.rmtree(found[0])
        return found

    monkeypatch.setattr(Path, "glob", glob)
    cache.shrink()
    monkeypatch.undo()
    assert sum(path.stat().st_size for path in everything(tmp_path)) <= 1000
