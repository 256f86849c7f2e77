"""The log's signing key in a file (mode 0600). A hardware token would be another module with the same two functions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from transparency.gateways.durable import make_folder, sync_folder
from transparency.proofs.errors import UnavailableError
from transparency.proofs.log.note import SigningKey, format_skey, parse_skey

if TYPE_CHECKING:
    from pathlib import Path

MAX_KEY_BYTES = 1024


def store_signing_key(path: Path, key: SigningKey) -> None:
    """Write a fresh key once; an existing file is never replaced (FileExistsError)."""
    make_folder(path.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(format_skey(key) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    sync_folder(path.parent)


def load_signing_key(path: Path) -> SigningKey:
    """Read the key; `log-key-missing` or `log-key-exposed` (readable by others) stop everything that signs."""
    try:
        mode = path.stat().st_mode
        text = path.read_text()[:MAX_KEY_BYTES]
    except FileNotFoundError as error:
        raise UnavailableError("log-key-missing", expected=path.name, found="no such file") from error
    if mode & 0o077:
        raise UnavailableError("log-key-exposed", expected="mode 0600", found=oct(mode & 0o777), subject=path.name)
    return parse_skey(text.strip())
