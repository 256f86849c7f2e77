"""A transaction for what is not worth waiting for: where another writer is at work it fails at once, with Django's `OperationalError`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from transparency.sqlite.base import DatabaseWrapper

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_MILLISECONDS = 50  # for a row lock, where rows are what is locked


@contextmanager
def unless_busy() -> Iterator[None]:
    connection = connections[DEFAULT_DB_ALIAS]
    if isinstance(connection, DatabaseWrapper):
        with connection.without_waiting(), transaction.atomic():
            yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{MOST_MILLISECONDS}ms'")
        yield
