"""The log as pages and as C2SP files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client

from transparency.models import Installation, LogEntry
from transparency.proofs.log.checkpoint import open_checkpoint
from transparency.proofs.log.note import parse_vkey
from transparency.proofs.log.proof import check_log_proof, parse_log_proof
from transparency.proofs.log.tiles import parse_entries
from transparency.queries import log_head

if TYPE_CHECKING:
    from tests.web.conftest import Browse
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_empty_log_says_so(centre: Installation) -> None:
    page = Client().get("/log/").content.decode()
    assert "Nothing is logged yet." in page
    assert "0 entries so far" in page


def test_a_stranger_checks_the_checkpoint_and_an_entry_from_public_bytes(browse: Browse, open_release: Release) -> None:
    client = browse(None)
    vkey = parse_vkey(Installation.objects.get().vkey)
    answer = client.get("/log/checkpoint")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    checkpoint = open_checkpoint(answer.content, vkey, "log.centre.test/source")
    bundle = client.get(f"/log/tile/entries/000.p/{checkpoint.size}")
    leaves = parse_entries(bundle.content, checkpoint.size)
    for index, leaf in enumerate(leaves):
        proof = parse_log_proof(client.get(f"/log/entry/{index}/proof.tlog-proof").content)
        assert check_log_proof(proof, leaf, vkey, "log.centre.test/source") == checkpoint


def test_files_of_the_log_may_be_read_from_anywhere_and_kept(browse: Browse, open_release: Release) -> None:
    client = browse(None)
    size = log_head().size
    for place, keep in (
        ("/log/checkpoint", "max-age=5"),
        (f"/log/tile/0/000.p/{size}", "max-age=3600"),
        (f"/log/tile/entries/000.p/{size}", "max-age=3600"),
    ):
        answer = client.get(place)
        assert keep in answer.headers["Cache-Control"]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "application/octet-stream"


def test_a_full_tile_is_kept_for_ever(browse: Browse, open_release: Release) -> None:
    tile = settings.LOG_ROOT / "tile" / "0" / "000"
    tile.parent.mkdir(parents=True, exist_ok=True)
    tile.write_bytes(b"\0" * 256 * 32)
    client = browse(None)
    assert client.get("/log/tile/0/000").status_code == 404  # there is a file, but no checkpoint covers it
    log_head().__class__.objects.update(size=256)
    answer = client.get("/log/tile/0/000")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_an_entry_shows_its_bytes_and_leads_to_what_it_records(browse: Browse, open_release: Release) -> None:
    entry = LogEntry.objects.get(kind="delivery")
    page = browse(None).get(f"/log/entry/{entry.index}/").content.decode()
    assert bytes(entry.leaf).decode().replace('"', "&quot;") in page
    assert f'href="/deliveries/{open_release.deliveries.get().pk}/"' in page
    builds = LogEntry.objects.get(kind="builds")
    page = browse(None).get(f"/log/entry/{builds.index}/").content.decode()
    assert f'href="/builds/{open_release.build_lists.get().pk}/"' in page


def test_an_entry_about_a_key_leads_to_its_product(browse: Browse, open_release: Release) -> None:
    event = LogEntry.objects.get(kind="event")
    page = browse(None).get(f"/log/entry/{event.index}/").content.decode()
    assert "Key enrolled" in page
    assert 'href="/products/widget/"' in page


def test_an_entry_of_a_restricted_product_leads_nowhere_for_strangers(
    browse: Browse, restricted_release: Release
) -> None:
    delivery = restricted_release.deliveries.get()
    place = f"/log/entry/{LogEntry.objects.get(kind='delivery').index}/"
    for person in (None, "stan", "anna"):
        page = browse(person).get(place).content.decode()
        assert "salted commitments" in page
        assert "/deliveries/" not in page
        assert delivery.record_digest not in page
    assert f'href="/deliveries/{delivery.pk}/"' in browse("vera").get(place).content.decode()
    event = LogEntry.objects.get(kind="event")
    for person in (None, "stan", "anna"):
        assert "vault" not in browse(person).get(f"/log/entry/{event.index}/").content.decode()


def test_entries_beyond_the_checkpoint_do_not_exist(browse: Browse, open_release: Release) -> None:
    size = log_head().size
    for place in (f"/log/entry/{size}/", f"/log/entry/{size}/proof.tlog-proof"):
        assert browse(None).get(place).status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "x", "99", ""])
def test_pages_that_are_not_there_fall_back(browse: Browse, open_release: Release, page: str) -> None:
    assert browse(None).get("/log/", {"page": page}).status_code == 200
