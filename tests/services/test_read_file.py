"""Files are reached through snapshot and path, from a cache that may be emptied at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cast import OPEN_FILES
from transparency.proofs.errors import EvidenceError
from transparency.queries import open_file_table, read_file
from transparency.services.stores import cache

if TYPE_CHECKING:
    from transparency.models import Release, Snapshot


def subject(release: Release) -> Snapshot:
    assert release.subject is not None
    return release.subject


def test_every_file_comes_back_as_it_was_delivered(open_release: Release) -> None:
    for path, data in OPEN_FILES.items():
        entry, found = read_file(subject(open_release), path.encode())
        assert found == data
        assert entry.size == len(data)


def test_an_erased_cache_is_filled_again_and_nothing_erased_is_read_on(open_release: Release) -> None:
    snapshot = subject(open_release)
    assert read_file(snapshot, b"README")[1]
    cache().erase(snapshot.product.store_key)
    assert not list(cache().folder(snapshot.product.store_key, "repositories").iterdir())
    assert read_file(snapshot, b"README")[1] == OPEN_FILES["README"]
    assert list(cache().folder(snapshot.product.store_key, "repositories").iterdir())


def test_an_unknown_path_and_a_file_over_the_limit_are_refused(open_release: Release) -> None:
    with pytest.raises(EvidenceError, match="path-unknown"):
        read_file(subject(open_release), b"nowhere")
    with pytest.raises(EvidenceError, match="file-too-large"):
        read_file(subject(open_release), b"src/main.c", limit=3)
    assert len(open_file_table(subject(open_release))) == len(OPEN_FILES)
