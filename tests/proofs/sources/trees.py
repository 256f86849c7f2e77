"""Trees for hypothesis, and git's own word about them."""

from __future__ import annotations

import hashlib
import os
import subprocess
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from transparency.proofs.digest import Digest
from transparency.proofs.filetable import FileEntry
from transparency.proofs.languages import language_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ENVIRONMENT = {
    "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "LC_ALL": "C",
}
# Names that sort differently with and without a folder's slash, and some that are no text.
NAMES = [
    b"a",
    b"a.b",
    b"a0",
    b"a-",
    b"a b",
    b"A",
    b"b",
    b"main.c",
    b"\xc3\xa9",
    b"\xff",
    b"~",
    b"'q\"",
    b"%41",
    b"x=,@+",
]
names = st.sampled_from(NAMES)
paths = st.lists(names, min_size=1, max_size=4).map(b"/".join)
contents = st.sampled_from([b"", b"text\n", b"no newline", b"\0binary", b"cr\r\nlf\n"]) | st.binary(max_size=30)
File = tuple[int, bytes]


def without_clashes(tree: Mapping[bytes, File]) -> dict[bytes, File]:
    """Without the files that are folders of others."""
    return {path: tree[path] for path in tree if not any(other.startswith(path + b"/") for other in tree)}


modes = st.sampled_from([0o100644, 0o100755, 0o120000])
trees = st.dictionaries(paths, st.tuples(modes, contents.filter(bool)), min_size=1, max_size=12).map(without_clashes)


def blob_id(content: bytes) -> bytes:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).digest()  # noqa: S324 - git's name of it


def entries_of(tree: Mapping[bytes, File]) -> list[FileEntry]:
    """Rows of a file table, computed in the plainest way."""
    rows = []
    for path, (mode, content) in sorted(tree.items()):
        binary = mode == 0o120000 or b"\0" in content
        lines = 0 if binary else len(content.split(b"\n")) - (1 if content.endswith(b"\n") or not content else 0)
        language = "" if mode == 0o120000 else language_of(path)
        digest = Digest(hashlib.sha256(content).digest())
        rows.append(FileEntry(path, mode, digest, blob_id(content), len(content), lines, binary, language))
    return rows


class Git:
    """A repository for asking git."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self("init", "-q", "--bare", ".", cwd_must_exist=True)

    def __call__(self, *arguments: str | bytes, data: bytes = b"", cwd_must_exist: bool = False) -> bytes:
        if cwd_must_exist:
            self.folder.mkdir(parents=True, exist_ok=True)
        environment = {**ENVIRONMENT, "GIT_DIR": "."}
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, input=data, capture_output=True, check=False, env=environment
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def write_tree(self, tree: Mapping[bytes, File]) -> str:
        """`git write-tree` of the raw bytes."""
        lines = []
        for path, (mode, content) in tree.items():
            name = self("hash-object", "-w", "--no-filters", "--stdin", data=content).strip()
            lines.append(b"%o %s\t%s\0" % (mode, name, path))
        self("read-tree", "--empty")
        self("update-index", "-z", "--index-info", data=b"".join(lines))
        return self("write-tree").decode().strip()

    def make_tree(self, children: list[tuple[int, bytes, str]]) -> str:
        """`git mktree`: a tree with any name, also one that an index refuses."""
        kinds = {0o40000: b"tree", 0o160000: b"commit"}
        lines = [
            b"%o %s %s\t%s\0" % (mode, kinds.get(mode, b"blob"), name.encode(), path) for mode, path, name in children
        ]
        return self("mktree", "-z", "--missing", data=b"".join(lines)).decode().strip()
