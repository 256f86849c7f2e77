"""Submodules in file tables: a commit that is named and whose content is not there.

The row's SHA-256 column has the commit's name, padded with zeros: it is no digest of any content, and differs where the commits do.

>>> entry = submodule_entry(b"lib", 20 * b"a")
>>> commit_of(entry)
'6161616161616161616161616161616161616161'
"""

from __future__ import annotations

from transparency.proofs.digest import Digest
from transparency.proofs.filetable import FileEntry
from transparency.proofs.identity import SUBMODULE_MODE

SHA256_BYTES = 32


def submodule_entry(path: bytes, commit: bytes) -> FileEntry:
    """The row of a submodule; `commit` is the raw SHA-1 name of its commit."""
    return FileEntry(path, SUBMODULE_MODE, Digest(commit.ljust(SHA256_BYTES, b"\0")), commit, 0, 0, True, "")  # noqa: FBT003 - a field


def commit_of(entry: FileEntry) -> str:
    """The commit's name in hex, as manifests have it."""
    return entry.sha1.hex()


def manifest_digest(entry: FileEntry) -> str:
    """What a manifest's line says of an entry: the SHA-256 of its content, or a submodule's commit."""
    return commit_of(entry) if entry.mode == SUBMODULE_MODE else entry.sha256.hex
