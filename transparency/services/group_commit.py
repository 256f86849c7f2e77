"""Group commit within a process: of many threads that need the same slow step, one does it and the others wait for it.

Whoever asks before a round begins is covered by that round. A round that fails covers nobody: the next waiter tries itself.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class GroupCommit:
    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._begun = 0  # rounds that have begun
        self._done = 0  # the newest round that ended well
        self._leading = False

    def run(self, step: Callable[[], object]) -> None:
        """Return when a round that began after this call has done `step`; raise what our own round raised."""
        with self._turn:
            wanted = self._begun + 1
            while self._leading and self._done < wanted:
                self._turn.wait()
            if self._done >= wanted:
                return
            self._leading = True
            self._begun += 1
            own = self._begun
        try:
            step()
        except BaseException:
            self._end(0)
            raise
        self._end(own)

    def _end(self, done: int) -> None:
        with self._turn:
            self._done = max(self._done, done)
            self._leading = False
            self._turn.notify_all()
