"""A database without room, or away, is weather with a code for commands, machines and the supervisor; what is committed stays committed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client

from transparency.errors import database_weather
from transparency.management.commands.serve import _guarded
from transparency.models import Event, LogEntry
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.issue_token import PREFIX
from transparency.services.publish_log import publish_leftovers
from transparency.services.sweep_jobs import sweep_jobs
from transparency.sqlite.base import DatabaseWrapper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cast import Cast
    from transparency.models import Installation

pytestmark = pytest.mark.django_db(transaction=True)
FULL = "database or disk is full"


def full_disk(*_: object) -> None:
    raise OperationalError(FULL)


def no_room_for_the_log(execute: Callable[..., object], sql: str, *rest: object) -> object:
    if "transparency_loghead" in sql:
        raise OperationalError(FULL)
    return execute(sql, *rest)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (FULL, "disk-full"),
        ("could not extend file: No space left on device", "disk-full"),
        ("disk I/O error", "disk-failed"),
        ("[Errno 5] Input/output error", "disk-failed"),
        ("database is locked", "database-failed"),
    ],
)
def test_what_a_database_says_has_a_code(said: str, code: str) -> None:
    weather = database_weather(OperationalError(said))
    assert (weather.code, weather.found) == (code, said)


def test_a_command_says_the_code_and_exits_1(centre: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    with connection.execute_wrapper(full_disk), pytest.raises(SystemExit) as ended:
        call_command("publish_checkpoint", "--json")
    assert ended.value.code == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "disk-full"


def test_a_machine_is_told_in_json(centre: Installation) -> None:
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {PREFIX}{'x' * 43}"})
    with connection.execute_wrapper(full_disk):
        answer = client.get("/api/v1/jobs/00000000-0000-4000-8000-000000000000")
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "disk-full")


def test_the_supervisor_goes_on(centre: Installation) -> None:
    with connection.execute_wrapper(full_disk):
        _guarded(sweep_jobs)
        call_command("sweep", "--once")


def test_what_is_committed_stays_though_the_log_finds_no_room(cast: Cast) -> None:
    product = ensure_release(vendor="acme", product="pump", version="1", restricted=False).product
    with connection.execute_wrapper(no_room_for_the_log):
        enrol_product_anchor(product=product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    assert Event.objects.filter(product=product).count() == 1
    assert LogEntry.objects.filter(index__isnull=True).count() == 1
    publish_leftovers()
    assert LogEntry.objects.filter(index__isnull=True).count() == 0


def test_a_turn_that_the_disk_refuses_is_told_as_sqlite_tells_it(tmp_path: Path) -> None:
    database = DatabaseWrapper({**connection.settings_dict, "NAME": str(tmp_path / "away" / "portal.sqlite3")})
    with pytest.raises(OperationalError, match="No such file"):
        database._take_turn()
