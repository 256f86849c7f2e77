"""Git repositories of our own making, read by stock git through GitPython.

Packs are hard-linked into a fresh bare repository in the cache; a vendor's configuration, hooks, attributes, alternates and replace refs are never
in it. Blobs come from one long-lived `git cat-file --batch`, and their SHA-256 is checked on every read: SHA-1 names nothing here.
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
    except OSError:  # another process was faster
        shutil.rmtree(fresh)


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
                stream = self._repository.odb.stream(sha1)
                if stream.size > limit:
                    stream.read()  # leaves the child's output at the next answer
                    raise EvidenceError(
                        "file-too-large", expected=f"at most {limit} bytes", found=f"{stream.size} bytes"
                    )
                data: bytes = stream.read()
            except (git.exc.GitError, ValueError) as error:
                raise UnavailableError("object-missing", expected=sha1.hex(), found=str(error)[:200]) from error
        found = Digest.of(data)
        if found != expect_sha256:
            raise EvidenceError("object-damaged", expected=expect_sha256.hex, found=found.hex)
        return data

    def close(self) -> None:
        with self._lock:
            self._repository.close()


def check_git_rules(files: Sequence[tuple[bytes, bytes]]) -> None:
    """Ask git's own fsck about files it reads (`.gitmodules`, `.gitattributes`), given as (path, content): ArchiveError `git-fsck`.

    A pack of just these blobs under a tree each goes through `git index-pack --strict` in an empty repository.
    """
    for path, content in files:
        with tempfile.TemporaryDirectory(prefix="fsck-") as name:
            folder = Path(name)
            pack = folder / "check.pack"
            with pack.open("w+b") as stream:
                writer = PackWriter(stream)
                blob = writer.add(BLOB, content)
                entry = FileEntry(
                    path.rpartition(b"/")[2], 0o100644, Digest.of(content), blob, len(content), 0, False, ""
                )  # noqa: FBT003 - a field
                git_tree([entry], keep=lambda identity, body, writer=writer: _keep(writer, identity, body))
                writer.finish()
            create_repository(folder / "empty", ())
            done = subprocess.run(
                ["git", "index-pack", "--strict", str(pack)],
                cwd=folder / "empty",
                env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "GIT_DIR": str(folder / "empty"), **ENVIRONMENT},
                capture_output=True,
                check=False,
                timeout=CHECK_SECONDS,
            )
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip().splitlines()
            raise ArchiveError(
                "git-fsck",
                subject=path.decode(errors="backslashreplace"),
                expected="what git's fsck accepts",
                found=" ".join(reason)[:200],
            )


def _keep(writer: PackWriter, identity: bytes, body: bytes) -> None:
    writer.add(TREE, body, identity)


def _place(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
