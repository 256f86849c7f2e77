"""A bill of materials against a tree: what is declared and absent, there and undeclared, and of another digest. No verdict comes of it.

A declared path counts as it stands, without a leading slash, or below the top folder that was taken off the archive. Links and submodules
have no content that a bill could declare, so they are never undeclared. A bill that names no file says nothing about any.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from transparency.proofs.escaping import escape_path
from transparency.proofs.identity import REGULAR_MODES
from transparency.proofs.sbom.document import NONE, WEAK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from transparency.proofs.filetable import FileEntry, FileTable
    from transparency.proofs.sbom.document import DeclaredFile

    # The hex digest of a file by another algorithm than SHA-256; None where it was not computed.
    DigestOf = Callable[[FileEntry, str], str | None]

MAX_LISTED = 500


@dataclass(slots=True)
class TreeCheck:
    """Counts, and the first paths of each list (escaped); `differs` with (path, algorithm, declared, found)."""

    declared: int = 0
    same: int = 0
    # Of `same`: compared by SHA-1 or MD5 alone.
    weakly: int = 0
    unchecked: int = 0
    absent: int = 0
    undeclared: int = 0
    differing: int = 0
    twice: int = 0
    absent_paths: list[str] = field(default_factory=list)
    undeclared_paths: list[str] = field(default_factory=list)
    differences: list[tuple[str, str, str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "declared": self.declared,
            "same": self.same,
            "weakly": self.weakly,
            "unchecked": self.unchecked,
            "absent": self.absent,
            "undeclared": self.undeclared,
            "differing": self.differing,
            "twice": self.twice,
            "absentPaths": self.absent_paths,
            "undeclaredPaths": self.undeclared_paths,
            "differences": [
                {"path": path, "algorithm": algorithm, "declared": declared, "found": found}
                for path, algorithm, declared, found in self.differences
            ],
        }


def check_tree(files: Iterable[DeclaredFile], table: FileTable, *, prefix: bytes, digest_of: DigestOf) -> TreeCheck:
    """Compare every declared file; each path of the tree counts as declared once."""
    found = TreeCheck()
    named: set[bytes] = set()
    for file in files:
        found.declared += 1
        entry = _entry(table, file.path, prefix)
        if entry is None:
            _add(found.absent_paths, escape_path(file.path))
            found.absent += 1
            continue
        found.twice += entry.path in named
        named.add(entry.path)
        _compare(found, file, entry, digest_of)
    if found.declared:
        for entry in table:
            if entry.mode in REGULAR_MODES and entry.path not in named:
                found.undeclared += 1
                _add(found.undeclared_paths, escape_path(entry.path))
    return found


def _entry(table: FileTable, path: bytes, prefix: bytes) -> FileEntry | None:
    plain = path.lstrip(b"/")
    below = plain.removeprefix(prefix + b"/") if prefix else plain
    return table.find(path) or table.find(plain) or table.find(below)


def _compare(found: TreeCheck, file: DeclaredFile, entry: FileEntry, digest_of: DigestOf) -> None:
    if file.algorithm == NONE:
        found.unchecked += 1
        return
    digest = entry.sha256.hex if file.algorithm == "sha256" else digest_of(entry, file.algorithm)
    if digest is None:
        found.unchecked += 1
    elif digest == file.digest:
        found.same += 1
        found.weakly += file.algorithm in WEAK
    else:
        found.differing += 1
        if len(found.differences) < MAX_LISTED:
            found.differences.append((escape_path(entry.path), file.algorithm, file.digest, digest))


def _add(paths: list[str], path: str) -> None:
    if len(paths) < MAX_LISTED:
        paths.append(path)
