"""What an interrupted push has to know to go on: which upload was begun for which file. One small file for each, in XDG's state folder.

It holds no secret. The portal knows how much arrived; whether the file is still the same is told by size, time and digests.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

MAX_STATE_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload as this machine began it."""

    id: str
    name: str
    size: int
    mtime_ns: int


class PushState:
    """The memory of one file's upload to one product of one portal."""

    def __init__(self, portal: str, product: str, path: Path) -> None:
        of = "\n".join((portal, product, str(path.resolve())))
        self._file = _folder() / f"{hashlib.sha256(of.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}.json"

    def load(self) -> Begun | None:
        """What was begun, None where nothing is known or it cannot be read: then the file is sent anew."""
        try:
            with self._file.open("rb") as stream:
                value = json.loads(stream.read(MAX_STATE_BYTES))
            return Begun(
                id=str(uuid.UUID(value["id"])),
                name=str(value["name"]),
                size=int(value["size"]),
                mtime_ns=int(value["mtime_ns"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, begun: Begun) -> None:
        """Write it whole or not at all; a folder that cannot be written only means that an interrupted push begins anew."""
        fresh = self._file.with_suffix(f".{os.getpid()}.tmp")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh.write_text(json.dumps(asdict(begun), sort_keys=True))
            fresh.replace(self._file)
        except OSError:
            fresh.unlink(missing_ok=True)

    def forget(self) -> None:
        try:
            self._file.unlink(missing_ok=True)
        except OSError:
            return


def _folder() -> Path:
    home = os.environ.get("XDG_STATE_HOME") or ""
    base = Path(home) if home.startswith("/") else Path.home() / ".local" / "state"
    return base / "transparency" / "push"
