"""Rendered files: lexed in a process of their own, kept in the product's cache, made again where what was kept is gone or damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviews.services import render_file as room
from reviews.services.render_file import render_file
from tests.cast import deliver
from transparency.errors import UnavailableError
from transparency.queries import open_file_table
from transparency.services.stores import cache

if TYPE_CHECKING:
    from pathlib import Path

    from reviews.rules.rows import Rows
    from tests.cast import Cast
    from transparency.models import Release, Snapshot
    from transparency.proofs.filetable import FileEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_memory", room._Memory(room.MEMORY_BYTES))


def found(release: Release, path: bytes = b"src/main.c") -> tuple[Snapshot, FileEntry]:
    snapshot = release.subject
    assert snapshot is not None
    entry = open_file_table(snapshot).find(path)
    assert entry is not None
    return snapshot, entry


def rendered(release: Release, path: bytes = b"src/main.c") -> Rows:
    snapshot, entry = found(release, path)
    return render_file(snapshot=snapshot, entry=entry, part=1)


def kept(release: Release) -> list[Path]:
    return sorted(cache().folder(release.product.store_key, "rows").iterdir())


def test_a_file_is_coloured_and_kept_under_its_product(open_release: Release) -> None:
    rows = rendered(open_release)
    assert '<span class="kt">int</span>' in rows.html
    assert (rows.first, rows.last, rows.plain_reason) == (1, 5, None)
    assert [place.name.split("-")[1] for place in kept(open_release)] == ["c"]


def test_what_is_kept_is_used_until_it_is_damaged(open_release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    first = rendered(open_release)
    [place] = kept(open_release)
    for damage in (b"", b"other bytes", place.read_bytes()[:-1]):
        monkeypatch.setattr(room, "_memory", room._Memory(room.MEMORY_BYTES))
        assert rendered(open_release) == first
        place.write_bytes(damage)
    monkeypatch.setattr(room, "_memory", room._Memory(room.MEMORY_BYTES))
    assert rendered(open_release) == first


def test_what_the_cache_has_erased_is_not_in_memory_either(open_release: Release) -> None:
    rendered(open_release)
    [place] = kept(open_release)
    assert room._memory.get(place)
    cache().erase(open_release.product.store_key)
    assert room._memory.get(place) is None
    assert rendered(open_release).last == 5


def test_without_a_lexer_a_file_is_plain_for_now_and_coloured_later(
    open_release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(module: str, folder: str) -> None:
        raise UnavailableError("warm-unavailable", expected="a process", found="none")

    with monkeypatch.context() as away:
        away.setattr(room, "warm", nothing)
        assert rendered(open_release).plain_reason == "lexer-unavailable"
    assert kept(open_release) == []
    assert rendered(open_release).plain_reason is None


def test_a_long_file_is_kept_in_parts(cast: Cast) -> None:
    delivery = deliver(cast, product="long", files={"long.txt": b"x\n" * 12_001, "b": b""})
    snapshot, entry = found(delivery, b"long.txt")
    assert render_file(snapshot=snapshot, entry=entry, part=3).first == 10_001
    assert len(kept(delivery)) == 3
