"""The log as pages and as C2SP files."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from tests.web.attesting import bare
from transparency.models import Installation, LogEntry
from transparency.proofs.log.checkpoint import open_checkpoint
from transparency.proofs.log.note import parse_vkey
from transparency.proofs.log.proof import check_log_proof, parse_log_proof
from transparency.proofs.log.tiles import parse_entries
from transparency.queries import log_head

if TYPE_CHECKING:
    from pathlib import Path

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


def rows_of(page: bytes) -> list[int]:
    """The entries that a page of the log lists."""
    return [int(found) for found in re.findall(r'href="/log/entry/([0-9]+)/"', page.decode())]


def test_filters_ask_the_public_bytes_alone(browse: Browse, open_release: Release, restricted_release: Release) -> None:
    client = browse(None)
    delivery, hidden = open_release.deliveries.get(), restricted_release.deliveries.get()
    assert open_release.subject is not None
    assert restricted_release.subject is not None
    opened = {row.index for row in LogEntry.objects.filter(opening__isnull=True)}
    everything = {row.index for row in LogEntry.objects.all()}

    def found(**asked: str) -> set[int]:
        return set(rows_of(client.get("/log/", asked).content))

    assert found() == everything
    assert found(kind="delivery") == {row.index for row in LogEntry.objects.filter(kind="delivery")}
    assert found(org="acme") == opened  # the same vendor's restricted entries do not say whose they are
    assert found(product="widget") == opened
    assert found(text=delivery.record_digest[:20].upper()) == {
        LogEntry.objects.get(digest=delivery.record_digest).index
    }
    assert found(text=open_release.subject.manifest, kind="builds") == {
        LogEntry.objects.get(kind="builds", opening=None).index
    }
    today = timezone.now().date()
    assert found(since=str(today - timedelta(days=1)), until=str(today + timedelta(days=1))) == everything
    assert found(since=str(today + timedelta(days=2))) == set()
    for secret in (hidden.record_digest, restricted_release.subject.manifest, "vault", 'acme","x'):
        assert found(text=secret) == set()
    for slug in ("vault", "nvult"):
        assert found(product=slug) == set()
        page = client.get("/log/", {"product": slug}).content
        assert b"0 entries fit." in page
    assert bare(client.get("/log/", {"product": "vault"}).content.replace(b"vault", b"")) == bare(
        client.get("/log/", {"product": "nvult"}).content.replace(b"nvult", b"")
    )
    for person in ("vera", "olga"):  # the log is the same for everybody
        assert set(rows_of(browse(person).get("/log/", {"product": "vault"}).content)) == set()


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "nonsense"},
        {"since": "yesterday"},
        {"until": "9999-99-99"},
        {"text": "x" * 101},
        {"org": "a\0b"},
        {"product": "\0"},
    ],
)
def test_a_filter_that_makes_no_sense_is_said_and_shows_nothing(
    browse: Browse, centre: Installation, asked: dict[str, str]
) -> None:
    answer = Client(raise_request_exception=False).get("/log/", asked)
    assert answer.status_code == 200
    assert "There is something to correct" in answer.content.decode()
    assert "Nothing is shown until that is corrected." in answer.content.decode()
    assert rows_of(answer.content) == []


def test_hostile_filters_and_pages_break_nothing(centre: Installation) -> None:
    client = Client(raise_request_exception=False)
    for asked in (
        {"org": "<script>alert(1)</script>"},
        {"text": "' OR 1=1 --"},
        {"text": "%"},
        {"org": "\u202e"},
        {"since": "0001-01-01", "until": "9999-12-31"},
        {"page": "9" * 6000},
        {"page": "-9"},
        {"kind": ["delivery", "event"]},
    ):
        answer = client.get("/log/", asked)
        assert answer.status_code == 200, asked
        assert b"<script>alert" not in answer.content
    for index in ("9" * 30, str(2**63), str(2**64)):
        for place in ("", "leaf.json", "proof.tlog-proof"):
            assert client.get(f"/log/entry/{index}/{place}").status_code == 404


def commands_of(page: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r"<code data-copy>(.*?)</code>", page, re.DOTALL)]


def test_the_drawn_proof_and_the_commands_beside_it_lead_to_the_signed_root(
    browse: Browse, open_release: Release, restricted_release: Release, tmp_path: Path
) -> None:
    client, head = browse(None), log_head()
    for index in range(head.size):
        page = client.get(f"/log/entry/{index}/").content.decode()
        leaf = client.get(f"/log/entry/{index}/leaf.json")
        (tmp_path / "leaf.json").write_bytes(leaf.content)
        assert leaf.content == bytes(LogEntry.objects.get(index=index).leaf)
        done = run(next(each for each in commands_of(page) if each.startswith("join()")), tmp_path)
        assert done.stdout.split() == [head.root]
        given = page.count("tc-proof__box--given")
        assert (
            given
            == page.count("<dt>Given</dt>")
            == len(parse_log_proof(client.get(f"/log/entry/{index}/proof.tlog-proof").content).hashes)
        )
        assert page.count("on its left") + page.count("on its right") == given
        assert f"{head.root[:12]}…</text>" in page  # the root on top of the picture
        assert 'role="img"' in page
    (tmp_path / "leaf.json").write_bytes(leaf.content + b" ")  # one byte more, and it is another tree
    assert run(commands_of(page)[-1], tmp_path).stdout.split() != [head.root]


def test_the_checkpoints_page_leads_to_openssl_saying_yes(
    browse: Browse, open_release: Release, tmp_path: Path
) -> None:
    client = browse(None)
    page = client.get("/log/checkpoint/").content.decode()
    assert "No witness cosigns yet" in page
    assert page.count("the log itself") == 1
    _, *lines = commands_of(page)[-1].split("\n")  # the first fetches it
    (tmp_path / "checkpoint").write_bytes(client.get("/log/checkpoint").content)
    done = run("\n".join(lines), tmp_path)
    assert done.stdout.split("\n")[:2] == ["Signature Verified Successfully", log_head().root]
    (tmp_path / "checkpoint").write_bytes(
        client.get("/log/checkpoint").content.replace(b"\n4\n", b"\n5\n").replace(b"\n3\n", b"\n5\n")
    )
    assert "Verified Successfully" not in run("\n".join(lines), tmp_path, check=False).stdout


def run(script: str, folder: Path, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-ec", script], cwd=folder, capture_output=True, text=True, check=check)


def test_a_log_that_cannot_be_read_is_neither_a_yes_nor_a_no(browse: Browse, open_release: Release) -> None:
    shutil.rmtree(settings.LOG_ROOT / "tile")
    client = browse(None)
    answer = client.get("/log/entry/0/")
    assert answer.status_code == 503
    assert "neither a yes nor a no" in answer.content.decode()
    release = client.get("/products/widget/1.0/")
    assert release.status_code == 503
    assert "The chain cannot be looked at now" in release.content.decode()
    assert "Machines found" not in release.content.decode()
    assert client.get("/products/widget/1.0/record/").status_code == 503
    assert client.get("/log/").status_code == 200
