"""Sources of format 1.0 and 3.0 (native): what comes out is what dpkg-source makes of them."""

from __future__ import annotations

import gzip
import shutil
from typing import TYPE_CHECKING

from tests.services.test_debian import ALL, ORIG, UPSTREAM, Source, git_tree, states, tar, unpacked
from transparency.models import Release
from transparency.proofs.records import parse_delivery_record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cast import Cast

DIFF = b"""\
--- pump-1.0.orig/main.c
+++ pump-1.0/main.c
@@ -1 +1,2 @@
+/* ours */
 int main;
--- pump-1.0.orig/debian/old
+++ pump-1.0/debian/old
@@ -1 +1 @@
-upstream's own
+the distribution's
--- pump-1.0.orig/debian/rules
+++ pump-1.0/debian/rules
@@ -0,0 +1,2 @@
+#!/usr/bin/make -f
+%:
"""
NATIVE = {
    "pump/main.c": b"int main;\n",
    "pump/debian/rules": b"#!/usr/bin/make -f\n",
    "pump/debian/source/format": b"3.0 (native)\n",
}


def first_format(diff: bytes = DIFF) -> Source:
    archives = {ORIG: tar(UPSTREAM), "pump_1.0-2.diff.gz": gzip.compress(diff, mtime=0)}
    return Source(kind="1.0", archives=archives)


def native(kind: str = "3.0 (native)") -> Source:
    return Source(kind=kind, archives={"pump_1.0-2.tar.gz": tar(NATIVE)})


def test_a_source_of_format_1_gives_three_trees_as_dpkg_source_makes_them(cast: Cast, tmp_path: Path) -> None:
    source = first_format()
    rows = source.arrive(cast)
    assert states(rows) == ALL
    trees = {role: row.snapshot.git_tree for role, row in rows.items() if row.snapshot}
    source.lie_in(tmp_path)
    assert trees["patched"] == unpacked(tmp_path, "patched")
    assert trees["upstream"] == unpacked(tmp_path, "upstream", "--skip-debianization")
    # dpkg-source has no word for it: upstream's tree, with the distribution's own folder and nothing else of the diff.
    shutil.rmtree(tmp_path / "upstream" / "debian")
    shutil.copytree(tmp_path / "patched" / "debian", tmp_path / "upstream" / "debian")
    assert trees["distribution"] == git_tree(tmp_path / "upstream")
    assert len(set(trees.values())) == 3
    assert Release.objects.get(version="1.0-2").subject == rows["distribution"].snapshot
    assert rows["patched"].derived_from == rows["distribution"]


def test_a_diff_that_does_not_apply_keeps_the_patched_tree_alone_out(cast: Cast) -> None:
    rows = first_format(DIFF.replace(b"\n int main;", b"\n int other;")).arrive(cast)
    assert states(rows) == ALL | {"patched": ("quarantined", "valid")}
    assert [finding["rule"] for finding in rows["patched"].refused] == ["patch-failed"]


def test_a_native_source_is_one_delivery_and_the_tree_of_dpkg_source(cast: Cast, tmp_path: Path) -> None:
    for kind, folder in (("3.0 (native)", tmp_path / "new"), ("1.0", tmp_path / "old")):
        source = native(kind)
        rows = source.arrive(cast)
        assert states(rows) == {"distribution": ("admitted", "valid")}, kind
        folder.mkdir()
        source.lie_in(folder)
        assert rows["distribution"].snapshot.git_tree == unpacked(folder, "tree"), kind  # type: ignore[union-attr]
        record = parse_delivery_record(bytes(rows["distribution"].record or b""))
        assert [item.name for item in record.components] == ["pump_1.0-2.tar.gz"]
    assert Release.objects.get(version="1.0-2").subject == rows["distribution"].snapshot
