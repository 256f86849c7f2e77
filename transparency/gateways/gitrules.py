"""What git's own fsck says of the files that git reads, asked of stock git."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from transparency.gateways.gitfolder import ENVIRONMENT, create_repository
from transparency.proofs.digest import Digest
from transparency.proofs.errors import UnavailableError
from transparency.proofs.escaping import escape_path
from transparency.proofs.filetable import FileEntry
from transparency.proofs.identity import git_tree
from transparency.proofs.sources.archive import ArchiveError
from transparency.proofs.sources.packfile import BLOB, TREE, PackWriter

if TYPE_CHECKING:
    from collections.abc import Sequence

CHECK_SECONDS = 60


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
