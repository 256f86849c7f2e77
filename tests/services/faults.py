"""A disk that fails at the n-th write, link, rename or sync of this process: the outside, not our code.

Files are Python's own buffered ones over a raw file whose write(2) fails, so that what is buffered fails where it does in life: in a
later write, in `flush`, or in `close`. What other processes and SQLite ask is refused by tests/stories/test_disk_faults.py.
"""

from __future__ import annotations

import errno
import io
import os
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CALLS = ("fsync", "link", "rename", "replace", "fchmod", "mkdir", "unlink", "utime")
_WRITES = os.O_CREAT | os.O_WRONLY | os.O_RDWR


class Disk:
    """Counts what is asked of it; the `failing`-th request (from 1; 0: none) is refused with `number`.

    A `lasting` fault refuses everything after it too but the removal of files, as a full disk does.
    """

    def __init__(self, failing: int = 0, number: int = errno.ENOSPC, *, lasting: bool = False) -> None:
        self.asked = 0
        self.failing = failing
        self.number = number
        self.lasting = lasting
        self.refused = ""

    def ask(self, what: str) -> None:
        self.asked += 1
        again = self.lasting and self.refused and what != "unlink"
        if self.asked == self.failing or again:
            self.refused = self.refused or what
            raise OSError(self.number, os.strerror(self.number))

    @contextmanager
    def mounted(self, root: Path) -> Iterator[Disk]:
        """While the block runs, requests below `root` go through this disk."""
        opened = Path.open

        def open_path(path: Path, mode: str = "r", *arguments: Any, **named: Any) -> Any:
            if not (set(mode) & set("wx+a")) or root not in path.parents:
                return opened(path, mode, *arguments, **named)
            self.ask("open")
            raw = _File(path, mode.replace("b", ""), self)
            return io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)

        with ExitStack() as stack:
            stack.enter_context(mock.patch.object(Path, "open", open_path))
            for name in CALLS:
                stack.enter_context(mock.patch.object(os, name, self._asked(name, getattr(os, name), root)))
            stack.enter_context(mock.patch.object(os, "open", self._opened(os.open, root)))
            stack.enter_context(mock.patch.object(os, "fdopen", self._wrapped(os.fdopen, root)))
            yield self

    def _asked(self, name: str, real: Callable[..., Any], root: Path) -> Callable[..., Any]:
        def call(target: Any, *arguments: Any, **named: Any) -> Any:
            if isinstance(target, int) or str(root) in str(target):
                self.ask(name)
            return real(target, *arguments, **named)

        return call

    def _opened(self, real: Callable[..., int], root: Path) -> Callable[..., int]:
        def call(target: Any, flags: int, *arguments: Any, **named: Any) -> int:
            if flags & _WRITES and str(root) in str(target):
                self.ask("os.open")
            return real(target, flags, *arguments, **named)

        return call

    def _wrapped(self, real: Callable[..., Any], root: Path) -> Callable[..., Any]:
        def call(descriptor: int, mode: str = "r", *arguments: Any, **named: Any) -> Any:
            unbuffered = named.get("buffering") == 0 and "+" in mode
            if unbuffered and str(root) in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
                return _File(descriptor, mode.replace("b", ""), self)
            return real(descriptor, mode, *arguments, **named)

        return call


class _File(io.FileIO):
    """A raw file whose write(2) and ftruncate(2) may be refused."""

    def __init__(self, file: Path | int, mode: str, disk: Disk) -> None:
        self._disk = disk
        super().__init__(file, mode)

    def write(self, data: Any, /) -> int:
        self._disk.ask("write")
        return super().write(data)

    def truncate(self, size: int | None = None, /) -> int:
        self._disk.ask("truncate")
        return super().truncate(size)
