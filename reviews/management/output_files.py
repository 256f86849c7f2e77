"""Files that our commands write where `--out` says: whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from transparency.errors import UnusableInputError

PRIVATE_MODE = 0o600
PUBLIC_MODE = 0o644


def write_out(name: str, data: bytes, *, mode: int = PUBLIC_MODE) -> Path:
    """Write or replace the file; raise `file-unwritable` (exit 2)."""
    target = Path(name)
    fresh = target.with_name(f"{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with fresh.open("xb") as stream:
            os.fchmod(stream.fileno(), mode)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(target)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise UnusableInputError(
            "file-unwritable", expected="a folder to write into", found=error.strerror or "", subject=name
        ) from error
    return target
