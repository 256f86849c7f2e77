"""Django's secret of the embedded size: made once, kept in the data folder."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def kept_secret(kept: Path) -> str:
    """Return what the file holds, after making it where there is none."""
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = kept.with_name(f"{kept.name}.{secrets.token_hex(4)}")
        fresh.write_text(secrets.token_urlsafe(50))
        fresh.chmod(0o600)
        try:
            kept.hardlink_to(fresh)  # the first of several starting processes wins
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return kept.read_text()
