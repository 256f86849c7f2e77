from __future__ import annotations

import base64
import hashlib
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from tests.proofs.sources.tars import PlainStream, rules
from tests.proofs.sources.trees import File, Git, entries_of, trees
from transparency.proofs.identity import EMPTY_TREE, dir_hash, git_tree, object_id, swhid
from transparency.proofs.sources.intake import take_in
from transparency.proofs.sources.membersource import Limits, TarSource

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Git:
    return Git(tmp_path_factory.mktemp("git") / "repository")


@given(tree=trees)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_tree_id_is_that_of_git_write_tree(git: Git, tree: dict[bytes, File]) -> None:
    assert git_tree(entries_of(tree)).hex() == git.write_tree(tree)


def test_an_archive_that_git_makes_comes_back_to_its_tree(git: Git) -> None:
    tree = {
        b"a.b": (0o100644, b"1\r\n"),
        b"a/run": (0o100755, b"2"),
        b"a/" + 120 * b"n": (0o120000, b"../a.b"),
        b"\xff": (0o100644, b""),
    }
    name = git.write_tree(tree)
    archive = git("archive", "--format=tar", "--prefix=p-1.0/", name)
    found = take_in(TarSource(PlainStream(archive), Limits()), io.BytesIO())
    assert (rules(found), found.prefix, found.git_tree) == ([], "p-1.0", name)


def test_folders_are_sorted_as_git_sorts_them(git: Git) -> None:
    tree = {
        name: (0o100644, name) for name in (b"a.b", b"a/x", b"a0", b"a-/y", b"a-b", b"b/c/d", b"b.c", b"b/c.d", b"b0/c")
    }
    assert git_tree(entries_of(tree)).hex() == git.write_tree(tree)


def test_attributes_that_would_rewrite_line_ends_change_nothing(git: Git, tmp_path: Path) -> None:
    tree = {
        b".gitattributes": (0o100644, b"* text=auto eol=lf\n*.c ident\n"),
        b"dos.txt": (0o100644, b"one\r\ntwo\r\n"),
        b"main.c": (0o100644, b"/* $Id: abc $ */\r\n"),
    }
    ours = git_tree(entries_of(tree)).hex()
    assert ours == git.write_tree(tree)
    # The same files added in the usual way give another tree: the attributes do bite.
    filtered = Git(tmp_path / "usual" / ".git")
    for name, (_, content) in tree.items():
        (tmp_path / "usual" / name.decode()).write_bytes(content)
    filtered("--work-tree=..", "add", "-A")
    assert filtered("write-tree").decode().strip() != ours


def test_empty_folders_change_the_swhid_and_not_the_git_tree(git: Git) -> None:
    tree = {b"a": (0o100644, b"x"), b"d/f": (0o100644, b"y")}
    entries = entries_of(tree)
    plain = git_tree(entries)
    assert plain.hex() == git.write_tree(tree)
    whole = git_tree(entries, empty_folders=[b"d/empty", b"a0/deep/er", b"a0"])
    assert whole != plain
    assert swhid(whole) == f"swh:1:dir:{whole.hex()}"
    # The same with git's own mktree, from the inside out.
    empty = git.make_tree([])
    assert bytes.fromhex(empty) == EMPTY_TREE
    deep = git.make_tree([(0o40000, b"er", empty)])
    outer = git.make_tree([(0o40000, b"deep", deep)])
    inner = git.make_tree([(0o40000, b"empty", empty), (0o100644, b"f", entries[1].sha1.hex())])
    top = [(0o100644, b"a", entries[0].sha1.hex()), (0o40000, b"a0", outer), (0o40000, b"d", inner)]
    assert whole.hex() == git.make_tree(top)


def test_no_files_are_the_empty_tree() -> None:
    assert git_tree([]) == EMPTY_TREE == object_id("tree", b"")


def test_every_tree_is_handed_over_once_children_first() -> None:
    tree = {b"a/b/c": (0o100644, b"1"), b"a/d": (0o100644, b"2"), b"e": (0o100644, b"3")}
    kept: list[tuple[bytes, bytes]] = []
    root = git_tree(entries_of(tree), keep=lambda identity, body: kept.append((identity, body)))
    assert [object_id("tree", body) for _, body in kept] == [identity for identity, _ in kept]
    assert [body.count(b"\0") >= 1 for _, body in kept] == [True, True, True]
    assert kept[-1][0] == root
    assert kept[0][0] in kept[1][1]
    assert kept[1][0] in kept[2][1]


@given(trees)
@settings(max_examples=60, deadline=None)
def test_dir_hash_is_the_hash_of_sha256sum_lines_in_byte_order(tree: dict[bytes, File]) -> None:
    entries = entries_of(tree)
    if any(mode == 0o120000 for mode, _ in tree.values()):
        assert dir_hash(entries) is None
        return
    text = b""
    for path in sorted(tree):
        text += hashlib.sha256(tree[path][1]).hexdigest().encode() + b"  " + path + b"\n"
    assert dir_hash(entries) == "h1:" + base64.b64encode(hashlib.sha256(text).digest()).decode()


def test_dir_hash_agrees_with_the_published_one_of_an_empty_module() -> None:
    # Hash1 of no files is the hash of nothing.
    assert dir_hash([]) == "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
