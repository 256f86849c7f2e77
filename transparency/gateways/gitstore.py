"""Git repositories of our own making, read by stock git through GitPython.

Packs are hard-linked into a fresh bare repository in the cache; a vendor's configuration, hooks, attributes, alternates and replace
refs are never in it. Blobs come from one long-lived `git cat-file --batch`, and their SHA-256 is checked on every read: SHA-1 names
nothing here.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import git

from transparency.gateways.gitfolder import ENVIRONMENT
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError, UnavailableError

if TYPE_CHECKING:
    from pathlib import Path

_READ_ERRORS: tuple[type[Exception], ...] = (git.exc.GitError, ValueError, OSError)


class Repository:
    """Reads blobs of one repository; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._repository = git.Repo(folder, odbt=git.GitCmdObjectDB)
        self._repository.git.update_environment(**ENVIRONMENT)
        self._lock = threading.Lock()

    def read_blob(self, sha1: bytes, *, expect_sha256: Digest, limit: int) -> bytes:
        """The blob's bytes (`file-too-large`, `object-damaged`, `object-missing`)."""
        with self._lock:
            try:
                data = self._read(sha1, limit)
            except _READ_ERRORS:
                # A child that met damage, or was killed, is gone or has left half an answer: another gets one chance.
                self._repository.git.clear_cache()
                data = self._read_again(sha1, limit)
            found = Digest.of(data)
            if found != expect_sha256:
                self._repository.git.clear_cache()
        if found != expect_sha256:
            raise EvidenceError("object-damaged", expected=expect_sha256.hex, found=found.hex)
        return data

    def _read_again(self, sha1: bytes, limit: int) -> bytes:
        try:
            return self._read(sha1, limit)
        except _READ_ERRORS as error:
            self._repository.git.clear_cache()
            raise UnavailableError("object-missing", expected=sha1.hex(), found=str(error)[:200]) from error

    def _read(self, sha1: bytes, limit: int) -> bytes:
        size = self._repository.odb.info(sha1).size
        if size > limit:
            raise EvidenceError("file-too-large", expected=f"at most {limit} bytes", found=f"{size} bytes")
        data: bytes = self._repository.odb.stream(sha1).read()
        return data

    def close(self) -> None:
        with self._lock:
            self._repository.close()
