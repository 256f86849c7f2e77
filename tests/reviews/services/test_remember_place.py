"""A place is remembered when nobody else writes; when somebody does, it is left, at once."""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from reviews.models import LastPlace
from reviews.services.remember_place import remember_place

if TYPE_CHECKING:
    from tests.cast import Cast
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)
AT_LAST = 10.0  # seconds after which even one who waits goes on, and has remembered


def test_somebody_elses_turn_costs_the_place_and_no_time(cast: Cast, open_release: Release) -> None:
    def remembered(line: int) -> bool:
        return remember_place(person=cast.auditor, release=open_release.pk, path="README", line=line)

    if connection.vendor != "sqlite":
        pytest.skip("one writer at a time is SQLite's")
    name = str(connection.settings_dict["NAME"])
    with Path(f"{name}.turn").open("a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        late = threading.Timer(AT_LAST, lambda: fcntl.flock(turn, fcntl.LOCK_UN))
        late.start()
        assert not remembered(1)
        late.cancel()
        late.join()
    other = sqlite3.connect(name, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    late = threading.Timer(AT_LAST, lambda: other.execute("ROLLBACK"))
    late.start()
    assert not remembered(1)
    late.cancel()
    late.join()
    other.close()
    assert not LastPlace.objects.exists()
    assert remembered(2)
    assert LastPlace.objects.get().line == 2
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone()[0] >= 5000, "others wait as before"
