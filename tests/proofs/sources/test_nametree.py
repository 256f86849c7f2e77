"""Names as a tree: the same findings as plain code has that writes every path and every folder out."""

from __future__ import annotations

import doctest
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from transparency.proofs.escaping import escape_path
from transparency.proofs.sources import flaglist, nametree
from transparency.proofs.sources.nametree import NameTree
from transparency.proofs.sources.paths import collisions, fold

# Few and alike, so that folders and files meet; a dot and a space sort before the slash.
NAMES = [
    "a",
    "A",
    "a.b",
    "a b",
    "e\u0301",
    "\u00e9",
    "\u0301",
    "ss",
    "\u00df",
    "K",
    "\u212a",
    "\ufb01",
    "fi",
    "\u03c3",
    "\u03c2",
]
COMPONENTS = st.sampled_from([*(name.encode() for name in NAMES), b"\xff", b"\xc3"])
PATHS = st.lists(COMPONENTS, min_size=1, max_size=4).map(b"/".join)


def with_folders(paths: list[bytes]) -> set[bytes]:
    names = set()
    for path in paths:
        parts = path.split(b"/")
        names |= {b"/".join(parts[:count]) for count in range(1, len(parts) + 1)}
    return names


@given(st.lists(PATHS, max_size=12, unique=True), st.lists(PATHS, max_size=4, unique=True))
def test_every_name_is_there_once_and_after_its_folder(paths: list[bytes], folders: list[bytes]) -> None:
    files = [path for path in paths if path not in with_folders([*folders, *paths]) - set(paths) | set(folders)]
    files = [path for path in files if not any(other.startswith(path + b"/") for other in [*paths, *folders])]
    tree = NameTree(files, folders=folders)
    names = [tree.path(node) for node in tree]
    assert sorted(names) == sorted(with_folders([*files, *folders]))
    for node in tree:
        parent = tree.parent(node)
        assert parent < node
        above = tree.path(parent) + b"/" if parent != nametree.ROOT else b""
        assert tree.path(node) == above + tree.component(node)


@given(st.lists(PATHS, max_size=12))
def test_the_same_names_collide_as_when_every_path_is_folded_whole(paths: list[bytes]) -> None:
    alike = defaultdict(set)
    for name in with_folders(paths):
        alike[fold(name)].add(name)
    expected = {escape_path(name) for names in alike.values() if len(names) > 1 for name in names}
    found = [write() for _, write in collisions(NameTree(set(paths)))]
    assert sorted(finding.path for finding in found) == sorted(expected)
    for finding in found:
        other = finding.detail.removeprefix("like ")
        assert other != finding.path
        assert other in expected


def test_doctests() -> None:
    for module in (nametree, flaglist):
        assert doctest.testmod(module).failed == 0
