"""A repository on this machine as a file that can be handed in: a tar of its objects and references, and of what would deceive.

git never runs in it: its configuration could have git execute commands. Links are not followed.
"""

from __future__ import annotations

import os
import stat
import tarfile
from typing import TYPE_CHECKING, BinaryIO

from transparency.proofs.errors import UnusableInputError
from transparency.proofs.sources.gitfolder import role_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def archive_repository(folder: Path, target: BinaryIO) -> None:
    """Write the tar of a bare repository, or of the `.git` in a working one (`git-folder-missing`, `git-folder-unreadable`)."""
    root = folder / ".git" if (folder / ".git").is_dir() else folder
    try:
        names = sorted(_files(root))
        if not names:
            raise UnusableInputError(
                "git-folder-missing", expected="a git repository", found="none", subject=folder.name
            )
        with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name in names:
                _add(archive, root, name)
    except OSError as error:
        raise UnusableInputError(
            "git-folder-unreadable",
            expected="a repository that can be read",
            found=error.strerror or "",
            subject=folder.name,
        ) from error


def _files(root: Path) -> Iterator[str]:
    def fail(error: OSError) -> None:
        raise error

    for folder, _, names in os.walk(root, onerror=fail):
        inside = os.path.relpath(folder, root)
        for name in names:
            path = name if inside == "." else f"{inside}/{name}"
            part = role_of(os.fsencode(path))
            if part and not part.root:
                yield path


def _add(archive: tarfile.TarFile, root: Path, name: str) -> None:
    with open(os.open(root / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:  # noqa: PTH123 - a descriptor
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise OSError(0, "a file that is none")
        member = tarfile.TarInfo(name)
        member.size = found.st_size
        archive.addfile(member, stream)
