"""Names that other tools give a tree, for comparison only (docs/formats.md section 1): git tree id, SWHID, Go's dirHash."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from transparency.proofs.filetable import FileEntry

FOLDER_MODE = 0o40000
SYMLINK_MODE = 0o120000
SUBMODULE_MODE = 0o160000
REGULAR_MODES = frozenset({0o100644, 0o100755})
EMPTY_TREE = bytes.fromhex("4b825dc642cb6eb9a060e54bf8d69288fbee4904")


def object_id(kind: str, body: bytes) -> bytes:
    """Git's SHA-1 name of an object."""
    return hashlib.sha1(f"{kind} {len(body)}\0".encode() + body, usedforsecurity=False).digest()


def git_tree(
    entries: Iterable[FileEntry],
    *,
    empty_folders: Iterable[bytes] = (),
    keep: Callable[[bytes, bytes], None] | None = None,
) -> bytes:
    """SHA-1 tree id over raw bytes; `keep(id, body)` is called for each tree, children first.

    Sorted as git sorts: folders as if their names ended in '/'.
    """
    files: dict[bytes, list[FileEntry]] = defaultdict(list)
    for entry in entries:
        files[entry.path.rpartition(b"/")[0]].append(entry)
    folders: dict[bytes, list[tuple[bytes, int, bytes]]] = {folder: [] for folder in (b"", *files, *empty_folders)}
    for folder in list(folders):
        while folder and (folder := folder.rpartition(b"/")[0]) not in folders:
            folders[folder] = []
    root = b""
    for folder in sorted(folders, key=lambda path: (-path.count(b"/") if path else 1, path)):
        inside = folders[folder] + [
            (entry.path.rpartition(b"/")[2], entry.mode, entry.sha1) for entry in files.pop(folder, ())
        ]
        children = sorted(inside, key=lambda child: child[0] + b"/" if child[1] == FOLDER_MODE else child[0])
        body = b"".join(b"%o %s\0%s" % (mode, name, identity) for name, mode, identity in children)
        root = object_id("tree", body)
        if keep:
            keep(root, body)
        if folder:
            parent, _, name = folder.rpartition(b"/")
            folders[parent].append((name, FOLDER_MODE, root))
    return root


def swhid(tree: bytes) -> str:
    """SWHID v1 of a directory whose tree id counts empty folders."""
    return f"swh:1:dir:{tree.hex()}"


def dir_hash(entries: Sequence[FileEntry]) -> str | None:
    """Go's `dirhash.Hash1` over the paths as they are; None where there are symbolic links or submodules."""
    if any(entry.mode not in REGULAR_MODES for entry in entries):
        return None
    lines = hashlib.sha256()
    for entry in entries:
        lines.update(entry.sha256.hex.encode() + b"  " + entry.path + b"\n")
    return "h1:" + base64.b64encode(lines.digest()).decode()
