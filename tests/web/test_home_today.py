"""The operator's *Today*: each line in order, due, wrong and not known, with what to do next."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from reviews.web.today import today
from reviews.web.today_line import ago
from transparency.models import Delivery, Invitation, Job, LogEntry, Release, TrustAnchor
from transparency.proofs.times import format_time
from transparency.services.measure_storage import measure_storage
from transparency.services.record_upkeep import record_upkeep

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from reviews.web.today_line import Line
    from tests.cast import Cast
    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)


def lines() -> dict[str, Line]:
    return {line.name: line for line in today()}


def test_a_fresh_centre_says_what_is_not_known_and_what_to_do(browse: Browse, cast: Cast) -> None:
    found = lines()
    assert {name: line.word for name, line in found.items() if name != "Sandbox"} == {
        "Work": "in order",
        "Log": "in order",
        "Log against its rows": "not known",
        "Witnesses": "not there",
        "Backup": "to do",
        "Keys": "in order",
        "Disk": "not known",
        "Invitations": "in order",
    }
    for line in found.values():
        assert line.word == "in order" or line.links or line.command or line.name == "Disk", line
    page = browse("olga").get("/").content.decode()
    assert len(re.findall(r"<tr>\s*<td", page)) == len(found)
    assert "manage.py backup /another/disk/" in page
    for person in ("vera", "anna", "stan", None):
        assert "Log against its rows" not in browse(person).get("/").content.decode()


def test_work_that_is_stuck_is_counted_by_how(cast: Cast) -> None:
    now = timezone.now()
    rows: list[dict[str, object]] = [
        {"state": "running", "lease_until": now - timedelta(minutes=1), "attempt": 1},
        {"state": "running", "lease_until": now + timedelta(minutes=1), "attempt": 3},
        {"state": "failed", "finished_at": now - timedelta(days=1)},
        {"state": "failed", "finished_at": now - timedelta(days=90)},
        {"state": "queued"},
        {"state": "done", "attempt": 4},
    ]
    for number, row in enumerate(rows):
        Job.objects.create(kind="import-snapshot", idempotency_key=str(number), **row)
    Job.objects.filter(state="queued").update(created_at=now - timedelta(hours=1))
    line = lines()["Work"]
    assert line.word == "look at it"
    for text in (
        "1 failed in 30 days",
        "1 running without a sign of life",
        "1 waiting for more",
        "1 tried more than once",
    ):
        assert text in line.said
    assert [link.address for link in line.links] == ["/jobs/?state=failed", "/jobs/"]


def test_records_of_upkeep_are_told_with_their_age(cast: Cast, settings: Settings) -> None:
    now = timezone.now()
    for days, word in ((1, "in order"), (8, "to do")):
        when = format_time(now - timedelta(days=days))
        record_upkeep(
            "backup", {"time": when, "folder": "/mnt/<b>\u202e", "bytes": 2048, "log": {"size": 1, "root": ""}}
        )
        record_upkeep("verify-log", {"time": when, "size": 7, "root": ""})
        found = lines()
        assert (found["Backup"].word, found["Log against its rows"].word) == (word, word)
        assert ago(now - timedelta(days=days), now) in found["Backup"].said
    record_upkeep("verify-log", {"error": {"code": "log-file-differs"}})
    assert lines()["Log against its rows"].word == "wrong"
    (settings.HOME / "upkeep" / "backup.json").chmod(0o600)
    for nonsense in (b"", b"[]", b'{"time": 3}', b"\xff"):
        (settings.HOME / "upkeep" / "backup.json").write_bytes(nonsense)
        assert lines()["Backup"].word == "to do", "what cannot be read is not a backup"
    settings.PRODUCTION = True
    assert lines()["Backup"].command.startswith("pg_dump")


def test_the_log_that_waits_keys_that_end_and_guests(cast: Cast, open_release: Release) -> None:
    now = timezone.now()
    anchor = open_release.product.anchors.get()
    TrustAnchor.objects.filter(pk=anchor.pk).update(valid_until=now + timedelta(days=59))
    TrustAnchor.objects.filter(person=cast.auditor).update(valid_until=now + timedelta(days=5))
    TrustAnchor.objects.filter(person=cast.other_auditor).update(valid_until=now + timedelta(days=61))
    LogEntry.objects.create(kind="event", digest="f" * 64, leaf=b"{}")
    values = {"organisation": cast.auditor.organisation, "name": "Somebody", "valid_until": now + timedelta(days=1)}
    Invitation.objects.create(digest="1" * 64, **values)
    Invitation.objects.create(digest="2" * 64, **{**values, "valid_until": now - timedelta(days=1)})
    Invitation.objects.create(digest="3" * 64, withdrawn_at=now, **values)
    found = lines()
    assert (found["Log"].word, found["Log"].command) == ("look at it", "manage.py publish_checkpoint")
    assert [link.address for link in found["Keys"].links] == ["/people/anna/", "/products/widget/-/keys/"]
    assert found["Invitations"].said.startswith("1 not answered")
    assert [link.address for link in found["Invitations"].links] == ["/organisations/north/"]


def test_weeks_left_follow_from_what_was_stored(cast: Cast, open_release: Release) -> None:
    now = timezone.now()
    measure_storage(now=now)
    assert "not known" in lines()["Disk"].said, "a day tells nothing of a week"
    Delivery.objects.update(created_at=now - timedelta(days=14))
    measure_storage(now=now)
    line = lines()["Disk"]
    assert re.search(r"free: [0-9,]+ weeks at [0-9.]+ (bytes|KiB) a week, as in the last 14 days", line.said), line.said
    measure_storage(now=now + timedelta(days=60))
    assert "nothing was stored in 28 days" in lines()["Disk"].said
    record_upkeep("storage", {"days": 28, "bytes": 1 << 60, "bytesPerWeek": 1 << 58})
    assert (lines()["Disk"].word, "0 weeks" in lines()["Disk"].said) == ("to do", True)
