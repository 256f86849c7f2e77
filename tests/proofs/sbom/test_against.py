"""A bill of materials against a tree: what is absent, undeclared and different, and nothing that is made up."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tests.proofs.sources.trees import entries_of
from transparency.proofs.filetable import FileTable, format_file_table
from transparency.proofs.sbom import against
from transparency.proofs.sbom.about import about_release
from transparency.proofs.sbom.against import TreeCheck, check_tree
from transparency.proofs.sbom.document import DeclaredFile, DeclaredPackage

if TYPE_CHECKING:
    import pytest

    from transparency.proofs.filetable import FileEntry

TREE = {
    b"README": (0o100644, b"hello\n"),
    b"run": (0o100755, b"#!/bin/sh\n"),
    b"src/a.c": (0o100644, b"int a;\n"),
    b"link": (0o120000, b"README"),
}
TABLE = FileTable(format_file_table(entries_of(TREE)))


def digest_of(entry: FileEntry, algorithm: str) -> str | None:
    return hashlib.new(algorithm, TREE[entry.path][1], usedforsecurity=False).hexdigest()


def check(*files: DeclaredFile, prefix: bytes = b"") -> TreeCheck:
    return check_tree(files, TABLE, prefix=prefix, digest_of=digest_of)


def declared(path: bytes, algorithm: str = "sha256", *, of: bytes | None = None) -> DeclaredFile:
    data = TREE[path.rpartition(b"top/")[2].lstrip(b"/")][1] if of is None else of
    return DeclaredFile(path, algorithm, hashlib.new(algorithm, data, usedforsecurity=False).hexdigest())


def test_all_of_a_tree_declared_as_it_is_leaves_nothing_over() -> None:
    found = check(declared(b"README"), declared(b"run", "sha512"), declared(b"src/a.c", "sha1"))
    assert (found.declared, found.same, found.weakly) == (3, 3, 1)
    assert (found.absent, found.undeclared, found.differing, found.unchecked, found.twice) == (0, 0, 0, 0, 0)


def test_absent_undeclared_and_different_are_told_apart() -> None:
    found = check(declared(b"README", of=b"other\n"), declared(b"gone me", of=b""), DeclaredFile(b"src/a.c"))
    assert found.absent_paths == ["gone%20me"]
    assert found.undeclared_paths == ["run"]
    assert [(path, algorithm) for path, algorithm, _, _ in found.differences] == [("README", "sha256")]
    assert found.unchecked == 1
    assert found.same == 0


def test_a_weak_digest_that_differs_differs() -> None:
    found = check(declared(b"README", "md5", of=b"other\n"))
    assert (found.differing, found.same) == (1, 0)


def test_no_file_declared_makes_none_undeclared() -> None:
    found = check()
    assert (found.declared, found.undeclared, found.undeclared_paths) == (0, 0, [])


def test_a_path_counts_as_it_stands_or_below_the_folder_that_was_taken_off() -> None:
    found = check(declared(b"/README"), declared(b"top/run"), declared(b"top/src/a.c"), prefix=b"top")
    assert (found.same, found.absent, found.undeclared) == (3, 0, 0)
    assert check(declared(b"top/run", of=b""), prefix=b"other").absent == 1


def test_a_path_that_climbs_is_absent_and_nothing_else() -> None:
    found = check(DeclaredFile(b"../README"), DeclaredFile(b"src/../README"), DeclaredFile(b"src"))
    assert found.absent == 3


def test_one_file_twice_is_counted_and_each_digest_compared() -> None:
    found = check(declared(b"README"), declared(b"/README", of=b"other"))
    assert (found.twice, found.same, found.differing) == (1, 1, 1)


def test_a_digest_that_could_not_be_computed_is_not_called_the_same() -> None:
    found = check_tree([declared(b"README", "sha1")], TABLE, prefix=b"", digest_of=lambda *_: None)
    assert (found.same, found.unchecked) == (0, 1)


def test_lists_are_bounded_and_counts_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(against, "MAX_LISTED", 1)
    found = check(DeclaredFile(b"a"), DeclaredFile(b"b"), declared(b"README", of=b""), declared(b"run", of=b""))
    assert (found.absent, len(found.absent_paths), found.differing, len(found.differences)) == (2, 1, 2, 1)


def test_what_it_is_about_is_compared_with_the_release() -> None:
    widget = DeclaredPackage("widget", "1.0", "pkg:npm/widget@1.0")
    other = DeclaredPackage("glibc", "2.36")

    def rules(*subjects: DeclaredPackage, version: str = "1.0", purl: str = "") -> list[str]:
        return [rule for rule, _ in about_release(subjects, names=["acme-widget"], version=version, purl=purl)]

    assert rules(widget) == []
    assert rules(other, widget) == []
    assert rules(other) == ["sbom-name", "sbom-version"]
    assert rules(widget, version="1.1") == ["sbom-version"]
    assert rules(widget, purl="pkg:pypi/widget@1.0") == ["sbom-purl"]
    assert rules(widget, purl=widget.purl) == []
    assert rules() == ["sbom-subject"]
