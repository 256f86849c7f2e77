"""Hostile archives through the real import: receipt, signature, sandbox, quarantine or snapshot, and nothing beside.

The quick run takes one case of each family for every rule; the slow one takes all of them, and a million empty members.
"""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.hostile.cases import Case, refused
from tests.hostile.families import FAMILIES, quick
from tests.hostile.imports import check_all, check_import, check_store, delivery_of, import_all, receive, stored
from tests.hostile.test_bombs import PACK, bomb, empties
from tests.hostile.test_zip_games import NO_ARCHIVES
from tests.proofs.sources.tars import END, file
from transparency.errors import UnusableInputError
from transparency.models import Delivery, Job, LogEntry, Snapshot
from transparency.services.contain import sandbox
from transparency.services.ensure_release import ensure_release
from transparency.services.perform_job import perform_job
from transparency.services.receive_delivery import receive_delivery
from transparency.services.stored_files import Received

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.test import Client

    from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("outside")


@pytest.fixture
def contained(settings: Any) -> Iterator[Callable[[str], None]]:
    """Choose how tasks are contained in this test; `auto` again afterwards."""

    def choose(kind: str, **limits: int) -> None:
        settings.SANDBOX = kind
        for name, value in limits.items():
            setattr(settings, name, value)
        sandbox.cache_clear()

    yield choose
    sandbox.cache_clear()


@pytest.mark.parametrize("family", FAMILIES)
def test_one_case_for_each_rule_is_refused_by_name_or_readable_whole(cast: Cast, family: str) -> None:
    check_all(cast, family, quick(FAMILIES[family]))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_case_is_refused_by_name_or_readable_whole(cast: Cast, family: str) -> None:
    check_all(cast, family, FAMILIES[family])


@pytest.mark.parametrize("kind", ["bubblewrap", "rlimits"])
def test_each_sandbox_says_the_same(cast: Cast, contained: Callable[[str], None], kind: str) -> None:
    contained(kind)
    assert sandbox().kind == kind
    table: dict[str, Case] = {}
    for family, cases in FAMILIES.items():
        bad = next(name for name, case in cases.items() if case.refused)
        table[f"{family}: {bad}"] = cases[bad]
    flagged = next(name for name, case in FAMILIES["links"].items() if case.flagged)
    table[flagged] = FAMILIES["links"][flagged]
    table["bomb"] = bomb("zst: one file")
    check_all(cast, "kinds", table)


@pytest.mark.parametrize(
    "name",
    ["bz2: one file", "zip: one file", "zip: overlapped", "zst: extension headers"]
    + [pytest.param(each, marks=pytest.mark.slow) for each in ("gz: one file", "xz: one file", "gz: many files", "zst: zeros after the end", "gz within gz", "zip: many files")],
)  # fmt: skip
def test_a_bomb_is_put_into_quarantine_soon(cast: Cast, name: str) -> None:
    case = bomb(name)
    job = receive(cast, "bombs", "1.0", case.archive)
    assert perform_job(job=job.pk)
    delivery = delivery_of(job)
    check_import(delivery, case)
    check_store("bombs", [case])
    used = (job.result or {})["contained"]
    assert used["cpu_seconds"] < 10
    assert used["peak_bytes"] < 200 * 1024**2


def test_what_runs_into_a_limit_of_its_process_is_killed_and_refused(
    cast: Cast, contained: Callable[..., None]
) -> None:
    """The archive is sound; only the limits are lower."""
    archive = PACK["zst"](empties(200_000, kind="tar"))
    job = receive(cast, "limits", "1.0", archive)
    contained("auto", PARSE_CPU_SECONDS=1)
    began = time.monotonic()
    assert perform_job(job=job.pk)
    assert time.monotonic() - began < 30  # seconds by the clock, of a machine that does other things too
    delivery = delivery_of(job)
    check_import(delivery, refused(archive, ("", "limit-cpu")))
    check_store("limits", [refused(archive)])


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_million_empty_members_are_read_and_one_more_is_refused(cast: Cast, kind: str) -> None:
    many = 1_000_000
    archive = empties(many + 1, kind=kind)
    table = {"one more": refused(archive, ("", "limit-members"))}
    check_all(cast, "many", table)
    job = receive(cast, "many", "2.0", empties(many, kind=kind))
    assert perform_job(job=job.pk)
    delivery = delivery_of(job)
    assert (delivery.state, delivery.refused) == ("admitted", [])
    assert delivery.snapshot
    assert delivery.snapshot.files == many


def test_what_begins_as_no_archive_is_not_received(cast: Cast) -> None:
    release = ensure_release(vendor="acme", product="none", version="1.0", restricted=False)
    for name, archive in NO_ARCHIVES.items():
        with pytest.raises(UnusableInputError, match="archive-type-unknown"):
            receive_delivery(
                release=release,
                archive=Received(name, io.BytesIO(archive)),
                signatures=[cast.vendor_key.sign(archive)],
                send=False,
            )
    assert not Job.objects.exists()
    assert stored(release.product) == set()


def test_a_delivery_in_quarantine_lets_a_sound_one_in_after_it(cast: Cast) -> None:
    """The same release: what was refused leaves nothing that the next one could meet."""
    bad = refused(FAMILIES["tar"]["ends: no end"].archive, ("", "tar-end-missing"))
    found = import_all(cast, "again", {"bad": bad})
    good = file(b"f", b"first") + END
    job = receive(cast, "again", "1.0", good)
    assert perform_job(job=job.pk)
    sound = delivery_of(job)
    check_import(sound, Case(good, kept={b"f": b"first"}))
    found["bad"].refresh_from_db()
    assert (found["bad"].state, found["bad"].snapshot) == ("quarantined", None)
    assert (Snapshot.objects.count(), LogEntry.objects.filter(kind="delivery").count()) == (1, 1)


def test_the_page_of_a_delivery_shows_what_was_refused_and_what_was_flagged(cast: Cast, client: Client) -> None:
    table = {
        "refused": FAMILIES["names"]["CVE-2018-1002200 zip slip, zip"],
        "flagged": FAMILIES["names"]["CVE-2021-42574 a name read backwards"],
    }
    found = import_all(cast, "shown", table)
    client.force_login(cast.vendor)
    for name, case in table.items():
        page = client.get(f"/deliveries/{found[name].pk}/").content.decode()
        for path, rule in (*case.refused, *case.flagged):
            assert rule in page
            assert path in page
        assert "\u202e" not in page
    client.force_login(cast.stranger)
    assert client.get(f"/deliveries/{found['refused'].pk}/").status_code == 404
    assert Delivery.objects.filter(state="quarantined").count() == 1
