"""Django's SQLite backend, but writers queue for their turn instead of polling for it.

SQLite lets one writer in at a time; the others sleep and try again with growing pauses, so under load some wait for seconds while the
database is idle. Here each write transaction first takes a lock on a file beside the database, where the kernel wakes the next one at
once. A process that dies gives its lock back. SQLite's own locking stays in force beneath.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base

if TYPE_CHECKING:
    from collections.abc import Iterator


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes the turn at BEGIN IMMEDIATE and gives it back at the transaction's end."""

    _turn: int | None = None
    _waits = True

    @contextmanager
    def without_waiting(self) -> Iterator[None]:
        """Within it a transaction whose turn it is not fails at once (OperationalError)."""
        self.ensure_connection()
        (patience,) = self.connection.execute("PRAGMA busy_timeout").fetchone()
        self.connection.execute("PRAGMA busy_timeout = 0")
        self._waits = False
        try:
            yield
        finally:
            self._waits = True
            self.connection.execute(f"PRAGMA busy_timeout = {int(patience)}")

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._give_turn()
            raise

    def _commit(self) -> Any:
        try:
            return super()._commit()  # type: ignore[misc]
        finally:
            self._give_turn()

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._give_turn()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]
        finally:
            self._give_turn()

    def _take_turn(self) -> None:
        if self._turn is not None or self.is_in_memory_db():
            return
        try:
            turn = os.open(f"{self.settings_dict['NAME']}.turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:  # a full or failing disk, told as SQLite tells it
            raise OperationalError(str(error)) from error
        try:
            fcntl.flock(turn, fcntl.LOCK_EX if self._waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(turn)
            raise OperationalError("database is locked") from error
        self._turn = turn

    def _give_turn(self) -> None:
        if self._turn is not None:
            os.close(self._turn)
            self._turn = None
