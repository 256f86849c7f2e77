"""Public files of the log by their names (`checkpoint`, `tile/…`), durable before anything that refers to them."""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from transparency.gateways.durable import disk_weather, make_folder, write_durable
from transparency.proofs.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME = re.compile(r"(checkpoint|tile/(entries|[0-9]{1,2})(/x[0-9]{3})*/[0-9]{3}(\.p/[0-9]{1,3})?)\Z", re.ASCII)


class LogStore:
    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, name: str) -> bytes:
        """Return the file; `log-file-missing` if it is not there or no log has a file of that name."""
        try:
            return self._path(name).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise UnavailableError("log-file-missing", expected=name, found="nothing") from error

    def write(self, name: str, data: bytes) -> None:
        """Write durably. What a tile's name stands for never changes, so an equal file is left alone."""
        path = self._path(name)
        try:
            if path.read_bytes() == data:
                return
        except FileNotFoundError:
            pass
        make_folder(path.parent)
        write_durable(path, data)

    @contextmanager
    def sequencer_lock(self) -> Iterator[None]:
        """One sequencer at a time on this machine; the database's own order guards against a second machine."""
        make_folder(self._root)
        with disk_weather():
            descriptor = os.open(self._root / ".sequencer", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _path(self, name: str) -> Path:
        if not _NAME.match(name):
            raise UnavailableError("log-file-missing", expected="a name of C2SP tlog-tiles", found=name[:100])
        return self._root / name
