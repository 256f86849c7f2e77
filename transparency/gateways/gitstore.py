"""Git repositories of our own making, read by stock git through GitPython.

Packs are hard-linked into a fresh bare repository in the cache; a vendor's configuration, hooks, attributes, alternates and replace
refs are never in it. Blobs come from one long-lived `git cat-file --batch`, and their SHA-256 is checked on every read: SHA-1 names
nothing here.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import git

from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError, UnavailableError
from transparency.proofs.escaping import escape_path
from transparency.proofs.filetable import FileEntry
from transparency.proofs.identity import git_tree
from transparency.proofs.sources.archive import ArchiveError
from transparency.proofs.sources.packfile import BLOB, TREE, PackWriter

if TYPE_CHECKING:
    from collections.abc import Sequence

# Nothing of the machine's or a user's git configuration reaches a command of ours.
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C",
}
_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n\thooksPath = /dev/null\n"
CHECK_SECONDS = 60
_READ_ERRORS: tuple[type[Exception], ...] = (git.exc.GitError, ValueError, OSError)


def create_repository(folder: Path, packs: Sequence[tuple[Path, Path]]) -> None:
    """Make a bare repository of packs and their indexes at `folder`, atomically; an existing one is left alone."""
    if (folder / "config").exists():
        return
    fresh = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}")
    pack_folder = fresh / "objects" / "pack"
    pack_folder.mkdir(parents=True)
    (fresh / "refs").mkdir()
    (fresh / "HEAD").write_text("ref: refs/heads/none\n")
    for number, (pack, index) in enumerate(packs):
        _place(pack, pack_folder / f"pack-{number:040x}.pack")
        _place(index, pack_folder / f"pack-{number:040x}.idx")
    (fresh / "config").write_text(_CONFIG)
    try:
        fresh.rename(folder)
    except OSError:
        shutil.rmtree(fresh)
        if not (folder / "config").exists():  # else another process was faster
            raise


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


def check_git_rules(files: Sequence[tuple[bytes, bytes]]) -> None:
    """Ask git's own fsck about files it reads (`.gitmodules`, `.gitattributes`), given as (path, content): ArchiveError `git-fsck`.

    Each, alone under a tree, goes through `git index-pack --strict` in an empty repository.
    """
    for path, content in files:
        with tempfile.TemporaryDirectory(prefix="fsck-") as name:
            folder = Path(name)
            _write_pack(folder / "check.pack", path.rpartition(b"/")[2], content)
            create_repository(folder / "empty", ())
            done = _index_pack(folder)
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip().splitlines()
            raise ArchiveError(
                "git-fsck",
                subject=escape_path(path),
                expected="what git's fsck accepts",
                found=" ".join(reason)[:200],
            )


def _write_pack(pack: Path, name: bytes, content: bytes) -> None:
    with pack.open("w+b") as stream:
        writer = PackWriter(stream)
        blob = writer.add(BLOB, content)
        entry = FileEntry(name, 0o100644, Digest.of(content), blob, len(content), 0, binary=False, language="")

        def keep(identity: bytes, body: bytes) -> None:
            writer.add(TREE, body, identity)

        git_tree([entry], keep=keep)
        writer.finish()


def _index_pack(folder: Path) -> subprocess.CompletedProcess[bytes]:
    repository = folder / "empty"
    try:
        return subprocess.run(
            ["git", "index-pack", "--strict", str(folder / "check.pack")],
            cwd=repository,
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "GIT_DIR": str(repository), **ENVIRONMENT},
            capture_output=True,
            check=False,
            timeout=CHECK_SECONDS,
        )
    except FileNotFoundError as error:
        raise UnavailableError("git-missing", expected="the git command", found="none") from error
    except subprocess.TimeoutExpired as error:
        raise UnavailableError("git-slow", expected=f"an answer in {CHECK_SECONDS} s", found="none") from error


def _place(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
