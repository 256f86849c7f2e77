"""The only place where plaintext of a product lies on disk outside the object store: bounded, and erasable product by product.

Every derived copy of source (materialised packs and file tables, repositories, rendered rows) lies under `<root>/<compartment>/`, so
sealing, erasing and permissions walk one list. Losing all of it loses nothing.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from transparency.gateways.durable import make_folder

if TYPE_CHECKING:
    from pathlib import Path

    from transparency.gateways.objectstore import ObjectStore
    from transparency.proofs.digest import Digest


class Cache:
    def __init__(self, root: Path, store: ObjectStore, *, limit: int) -> None:
        self._root = root
        self._store = store
        self._limit = limit

    def materialise(self, compartment: str, digest: Digest) -> Path:
        """Return a file with the object's bytes. It may vanish at the next `shrink`: open it now, keep the handle."""
        target = self.folder(compartment, "objects") / digest.hex
        if not target.exists():
            self._store.copy_out(compartment, digest, target)
        with suppress(FileNotFoundError, PermissionError):
            os.utime(target)
        return target

    def folder(self, compartment: str, kind: str) -> Path:
        """Folder of one kind of derived copy of one product."""
        folder = self._root / compartment / kind
        make_folder(folder)
        return folder

    def erase(self, compartment: str) -> None:
        """Remove every derived copy of one product."""
        shutil.rmtree(self._root / compartment, ignore_errors=True)

    def shrink(self) -> int:
        """Remove the longest unused entries until the whole fits its limit; return the bytes removed."""
        entries = []
        for entry in self._root.glob("p*/*/*"):
            with suppress(FileNotFoundError):  # erased, or shrunk by another process, since it was listed
                entries.append((entry.stat().st_mtime, _size(entry), entry))
        excess = sum(size for _, size, _ in entries) - self._limit
        removed = 0
        for _, size, entry in sorted(entries, key=lambda item: item[0]):
            if removed >= excess:
                break
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
            removed += size
        return removed


def _size(entry: Path) -> int:
    if entry.is_dir():
        return sum(path.stat().st_size for path in entry.rglob("*") if path.is_file())
    return entry.stat().st_size
