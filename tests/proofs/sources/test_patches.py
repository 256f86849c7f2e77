"""Patches applied as GNU patch applies them without fuzz, and every way in which a patch may cheat."""

from __future__ import annotations

import difflib
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transparency.proofs.errors import EvidenceError
from transparency.proofs.sources import patching
from transparency.proofs.sources.patches import parse_patch, parse_series, target
from transparency.proofs.sources.patching import apply_patch

if TYPE_CHECKING:
    from pathlib import Path

LINES = st.lists(st.sampled_from([b"a", b"b", b"c", b"", b" x", b"-y", b"+z", b"\\ w"]), max_size=12)
OLD = b"".join(b"line %d\n" % number for number in range(1, 30))


def text(lines: list[bytes], *, ended: bool) -> bytes:
    whole = b"".join(line + b"\n" for line in lines)
    return whole if ended or not whole else whole[:-1]


def diff(folder: Path, old: bytes, new: bytes) -> bytes:
    (folder / "a").mkdir(exist_ok=True)
    (folder / "b").mkdir(exist_ok=True)
    (folder / "a" / "f").write_bytes(old)
    (folder / "b" / "f").write_bytes(new)
    return subprocess.run(["diff", "-u", "a/f", "b/f"], cwd=folder, capture_output=True, check=False).stdout


def apply(content: bytes | None, patch: bytes) -> bytes | None:
    for item in parse_patch(patch, name="p"):
        content = apply_patch(content, item, name="p")
    return content


def gnu_patch(folder: Path, old: bytes, patch: bytes) -> bytes | None:
    """What GNU patch makes of it; None when it refuses."""
    tree = folder / "tree"
    tree.mkdir(exist_ok=True)
    (tree / "f").write_bytes(old)
    command = ["patch", "-p1", "-F0", "-N", "-u", "-t", "-E", "-s", "--no-backup-if-mismatch", "-r", "-"]
    done = subprocess.run(command, cwd=tree, input=patch, capture_output=True, check=False)
    if done.returncode:
        return None
    return (tree / "f").read_bytes() if (tree / "f").exists() else b""


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(LINES, LINES, st.booleans(), st.booleans())
def test_what_diff_writes_leads_from_one_text_to_the_other(
    tmp_path_factory: pytest.TempPathFactory, old: list[bytes], new: list[bytes], first: bool, second: bool
) -> None:
    before, after = text(old, ended=first), text(new, ended=second)
    if before == after:
        return
    assert apply(before or None, diff(tmp_path_factory.mktemp("d"), before, after)) == (after or None)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(LINES, LINES, LINES)
def test_gnu_patch_makes_the_same_of_a_patch_for_another_text(
    tmp_path_factory: pytest.TempPathFactory, old: list[bytes], new: list[bytes], more: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("d")
    before, after = text([b"base", *old], ended=True), text([b"base", *new], ended=True)
    if before == after:
        return
    patch, other = diff(folder, before, after), text([*more, b"base", *old], ended=True)
    expected = gnu_patch(folder, other, patch)
    try:
        made = apply(other, patch)
    except EvidenceError:
        assert expected is None
    else:
        assert expected is not None
        assert (made or b"") == expected


class TestPlaces:
    def patch(self) -> bytes:
        return "".join(
            difflib.unified_diff(
                OLD.decode().splitlines(keepends=True),
                OLD.decode().replace("line 15\n", "changed\n").splitlines(keepends=True),
                "a/f",
                "b/f",
            )
        ).encode()

    def test_lines_added_before_move_the_hunk(self) -> None:
        assert apply(b"new\n" * 7 + OLD, self.patch()) == b"new\n" * 7 + OLD.replace(b"line 15\n", b"changed\n")

    def test_a_changed_line_of_context_is_no_place(self) -> None:
        with pytest.raises(EvidenceError, match="patch-failed"):
            apply(OLD.replace(b"line 14\n", b"line 14 \n"), self.patch())

    def test_a_patch_that_is_applied_already_does_not_apply(self) -> None:
        with pytest.raises(EvidenceError, match="patch-failed"):
            apply(apply(OLD, self.patch()), self.patch())

    def test_looking_for_a_place_has_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(patching, "MAX_COMPARED", 10)
        with pytest.raises(EvidenceError, match="patch-failed"):
            apply(b"x\n" * 10_000 + OLD, self.patch())


NEW = b"--- /dev/null\n+++ b/d/new\n@@ -0,0 +1 @@\n+hello\n"
GONE = b"--- a/f\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n"


class TestFiles:
    def test_a_new_file_is_made(self) -> None:
        [patch] = parse_patch(NEW, name="p")
        assert (target(patch), apply_patch(None, patch, name="p")) == (b"d/new", b"hello\n")

    def test_a_new_file_that_is_there_is_refused(self) -> None:
        with pytest.raises(EvidenceError, match="patch-failed"):
            apply(b"other\n", NEW)

    def test_a_file_is_removed(self) -> None:
        assert apply(b"a\nb\n", GONE) is None

    def test_a_removed_file_with_more_in_it_is_refused(self) -> None:
        with pytest.raises(EvidenceError, match="patch-failed"):
            apply(b"a\nb\nmore\n", GONE)

    def test_a_file_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(EvidenceError, match="patch-failed"):
            apply(None, GONE)

    def test_gits_mode_of_a_new_file_is_taken(self) -> None:
        [patch] = parse_patch(b"diff --git a/d/new b/d/new\nnew file mode 100755\nindex 0..1\n" + NEW, name="p")
        assert patch.executable

    def test_prose_that_looks_like_a_header_is_prose(self) -> None:
        [patch] = parse_patch(b"new mode of doing things\nrename from nothing to something\n\n" + NEW, name="p")
        assert patch.executable is None


def one(old: bytes, new: bytes) -> bytes:
    return b"--- " + old + b"\n+++ " + new + b"\n@@ -1 +1 @@\n-a\n+b\n"


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        (one(b"a/../../etc/passwd", b"b/../../etc/passwd"), "patch-path"),
        (one(b"/etc/passwd", b"/etc/passwd"), "patch-path"),
        (one(b"f", b"f"), "patch-path"),
        (one(b"a/.git/config", b"b/.git/config"), "patch-path"),
        (one(b"a//f", b"b//f"), "patch-path"),
        (one(b'"a/f"', b'"b/f"'), "patch-path"),
        (b"--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "patch-malformed"),
        (b"@@ -1 +1 @@\n-a\n+b\n", "patch-malformed"),
        (b"--- a/f\n+++ b/f\n@@ -1,2 +1 @@\n-a\n+b\n", "patch-malformed"),
        (b"--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n", "patch-malformed"),
        (b"--- a/f\n+++ b/f\n@@ -1 +1 @@\n*a\n+b\n", "patch-malformed"),
        (b"diff --git a/a b/b\nrename from x\nrename to y\n", "patch-unsupported"),
        (b"diff --git a/f b/g\nrename from f\nrename to b\nrename to g\n", "patch-unsupported"),
        (
            b"diff --git a/f b/f\n" + one(b"a/f", b"b/f") + b"diff --git a/f b/g\nrename from f\nrename to g\n",
            "patch-unsupported",
        ),
        (
            b"diff --git a/f b/g\nrename from f\nrename to g\ndiff --git a/g b/g\n" + one(b"a/g", b"b/g"),
            "patch-unsupported",
        ),
        (b"diff --git a/e b/e\ndeleted file mode 100644\nindex e69de29..0000000\n", "patch-unsupported"),
        (one(b"a/f", b"b/f") + b"  --- a/a\n  +++ b/a\n  @@ -1 +1 @@\n  -a\n  +b\n", "patch-unsupported"),
        (b"diff --git a/f b/g\nrename from f\n" + one(b"a/f", b"b/g"), "patch-malformed"),
        (b"diff --git a/f b/g\nrename from f\nrename to f\n", "patch-malformed"),
        (b"diff --git a/f b/h\nrename from f\nrename to h\n" + one(b"a/f", b"b/g"), "patch-malformed"),
        (b"diff --git a/f b/g\nrename from f\nrename to ../g\n", "patch-path"),
        (b"diff --git a/f b/g\nrename from f\nrename to /g\n", "patch-path"),
        (b"diff --git a/f b/g\nrename from f\nrename to .git/g\n", "patch-path"),
        (b"diff --git a/f b/g\ncopy from f\ncopy to g\n" + one(b"a/f", b"b/g"), "patch-unsupported"),
        (b"diff --git a/f b/f\nold mode 100644\nnew mode 100755\n", "patch-unsupported"),
        (b"diff --git a/l b/l\nnew file mode 120000\n" + NEW, "patch-unsupported"),
        (b"diff --git a/f b/f\nindex 1..2\nGIT binary patch\nliteral 1\n", "patch-unsupported"),
        (b"Binary files a/f and b/f differ\n", "patch-unsupported"),
        (one(b"a/f", b"b/f") + b"+++ \nc\n", "patch-malformed"),
        (one(b"a/f", b"b/f") + b"@@ -7,2 +7,\x1d3 @@ x\n", "patch-malformed"),
        (b"--- a/f\nfar from the other half\n+++ b/f\n", "patch-malformed"),
        (b"*** a/f\n" + one(b"a/f", b"b/f"), "patch-malformed"),
        (one(b"\x01a/f", b"/dev/null"), "patch-path"),
        (one(b"a/f", b"b/g"), "patch-path"),
        (one(b"a/a f", b"b/a f"), "patch-path"),
        (b"--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b", "patch-malformed"),
        (b"--- /dev/null\n+++ b/g\n@@ -5,0 +1,2 @@\n+one\n+two\n", "patch-malformed"),
        (b"--- a/f\n+++ /dev/null\n@@ -1,2 +1 @@\n-a\n b\n", "patch-malformed"),
        (b"diff --git a/g b/g\nnev file mode 100755\n" + NEW, "patch-malformed"),
        (b"diff --git a/g b/g\n" + NEW, "patch-malformed"),
        (b"diff --git a/f b/f\ndeleted file mode 100644\n" + one(b"a/f", b"b/f"), "patch-malformed"),
        (b"--- a/f\n+++ b/f\n@@ -0 +0,0 @@\n-a\n", "patch-malformed"),
        (b"--- /dev/null\n+++ b/g\n@@ -1,0 +0,2 @@\n+a\n+b\n", "patch-malformed"),
        (b"--- /dev/null\n+++ b/g\n@@ -0,0 +1,2 @@\n+a\n\\ No newline at end of file\n+b\n", "patch-malformed"),
        (b"--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n-a\n\\ No newline at end of file\n+b\n c\n", "patch-malformed"),
        (one(b"a/f", b"b/f") + b"Index: f\n 3,4d\n", "patch-unsupported"),
    ],
)
def test_a_cheat_is_refused_by_its_rule(patch: bytes, code: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        parse_patch(patch, name="p")
    assert caught.value.code == code


def test_prose_behind_the_last_hunk_is_prose_while_gnu_patch_says_so_too(tmp_path: Path) -> None:
    for prose in (b"-- \n2.39.2\n", b"c\n3,4d\n", b"++ \nabc\n", b"Index: f\n3,4a\n"):
        patch = one(b"a/f", b"b/f") + prose
        assert apply(b"a\n", patch) == gnu_patch(tmp_path, b"a\n", patch) == b"b\n"


def test_a_series_is_read() -> None:
    assert parse_series(b"# comment\none.patch\n\nsub/two.patch -p1 # why\n") == ("one.patch", "sub/two.patch")


@given(
    names=st.lists(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,8}(/[a-z0-9]{1,4})?", fullmatch=True), unique=True),
    optioned=st.booleans(),
)
def test_any_series_of_plain_names_reads_back(names: list[str], *, optioned: bool) -> None:
    option = " -p1" if optioned else ""
    assert parse_series("".join(f"{name}{option}\n" for name in names).encode()) == tuple(names)


@pytest.mark.parametrize("line", [b"../x", b"/x", b"x -p0", b"x -R", b"a\na", b"\xff", b"x y", b".hidden", b"a//b"])
def test_a_series_that_leads_elsewhere_is_refused(line: bytes) -> None:
    with pytest.raises(EvidenceError, match="patch-series"):
        parse_series(line + b"\n")


def test_a_hunk_that_is_longer_than_the_file_fits_nowhere() -> None:
    [patch] = parse_patch(b"--- a/f\n+++ b/f\n@@ -1,3 +1,4 @@\n+new\n a\n b\n c\n", name="p")
    with pytest.raises(EvidenceError, match="patch-failed"):
        apply_patch(b"a\n", patch, name="p")


MOVED = b"diff --git a/f b/d/g\nsimilarity index 80%\nrename from f\nrename to d/g\n"


@pytest.mark.parametrize(
    "patch",
    [
        MOVED,
        MOVED + b"index 1234567..89abcde 100644\n--- a/f\n+++ b/d/g\n@@ -1,2 +1,2 @@\n line 1\n-line 2\n+another\n",
    ],
)
def test_a_file_that_moves_moves_as_gnu_patch_moves_it(tmp_path: Path, patch: bytes) -> None:
    [item] = parse_patch(patch, name="p")
    assert (item.old, item.new, item.moves) == (b"f", b"d/g", True)
    made = apply_patch(b"line 1\nline 2\n", item, name="p")
    (tmp_path / "f").write_bytes(b"line 1\nline 2\n")
    command = ["patch", "-p1", "-F0", "-N", "-u", "-t", "-E", "-s", "-r", "-"]
    subprocess.run(command, cwd=tmp_path, input=patch, check=True)
    assert not (tmp_path / "f").exists()
    assert (tmp_path / "d" / "g").read_bytes() == made


def test_a_file_moves_neither_onto_another_nor_from_nowhere() -> None:
    [item] = parse_patch(MOVED, name="p")
    with pytest.raises(EvidenceError, match="patch-failed"):
        apply_patch(b"a\n", item, name="p", there=True)
    for content in (None, b""):
        with pytest.raises(EvidenceError, match="patch-failed"):
            apply_patch(content, item, name="p")
