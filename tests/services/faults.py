"""A disk that fails at the n-th write, link, rename or sync of this process: the outside, not our code."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

CALLS = ("fsync", "link", "rename", "replace", "fchmod", "mkdir")


class Disk:
    """Counts what is asked of it; the `failing`-th request (from 1; 0: none) and no other is refused with `number`."""

    def __init__(self, failing: int = 0, number: int = errno.ENOSPC) -> None:
        self.asked = 0
        self.failing = failing
        self.number = number
        self.refused = ""

    def ask(self, what: str) -> None:
        self.asked += 1
        if self.asked == self.failing:
            self.refused = what
            raise OSError(self.number, os.strerror(self.number))

    @contextmanager
    def mounted(self, root: Path) -> Iterator[Disk]:
        """While the block runs, requests below `root` go through this disk."""
        opened = Path.open

        def open_path(path: Path, mode: str = "r", *arguments: Any, **named: Any) -> Any:
            if not (set(mode) & set("wx+a")) or root not in path.parents:
                return opened(path, mode, *arguments, **named)
            self.ask(f"open {path.name}")
            stream = opened(path, mode, *arguments, **named)
            return _Stream(stream, self)

        with mock.patch.object(Path, "open", open_path), _each(self, root):
            yield self


class _Stream:
    """A file whose writes may fail."""

    def __init__(self, stream: Any, disk: Disk) -> None:
        self._stream = stream
        self._disk = disk

    def write(self, data: bytes) -> int:
        self._disk.ask("write")
        written: int = self._stream.write(data)
        return written

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _each(disk: Disk, root: Path) -> Iterator[None]:
    def failing(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(target: Any, *arguments: Any, **named: Any) -> Any:
            if isinstance(target, int) or str(root) in str(target):
                disk.ask(name)
            return real(target, *arguments, **named)

        return call

    patches = [mock.patch.object(os, name, failing(name, getattr(os, name))) for name in CALLS]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()
