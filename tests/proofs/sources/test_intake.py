"""One pass over an archive: every refusal and every flag has its own archive, made by hand."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from tests.proofs.sources.tars import (
    END,
    PlainStream,
    file,
    flags,
    folder,
    gnu_long,
    hardlink,
    header,
    long_file,
    pax,
    rules,
    symlink,
    take,
)
from tests.proofs.sources.trees import File, entries_of, trees
from transparency.proofs.filetable import FileTable
from transparency.proofs.identity import dir_hash, git_tree, swhid
from transparency.proofs.manifest import parse_manifest
from transparency.proofs.sources import flaglist, intake
from transparency.proofs.sources.archive import WHOLE_BYTES, ArchiveError
from transparency.proofs.sources.intake import MAX_REFUSALS, Intake, take_in
from transparency.proofs.sources.membersource import Limits, TarSource

if TYPE_CHECKING:
    from pathlib import Path


def paths(found: Intake) -> list[bytes]:
    assert rules(found) == []
    return [entry.path for entry in parse_manifest(found.manifest)]


def members_of(tree: dict[bytes, File], top: bytes = b"") -> list[bytes]:
    out = []
    for path, (mode, content) in tree.items():
        if mode == 0o120000:
            out += [pax({b"path": top + path, b"linkpath": content}), symlink(b"x", b"")]
        else:
            out += [pax({b"path": top + path}), file(b"x", content, mode=b"%07o\0" % (mode & 0o777))]
    return out


@given(trees)
@settings(max_examples=60, deadline=None)
def test_any_tree_gets_the_names_that_plain_code_gives_it(tree: dict[bytes, File]) -> None:
    tree = {
        path: (mode, content.replace(b"\0", b"0") if mode == 0o120000 else content)
        for path, (mode, content) in tree.items()
    }
    rows = entries_of(tree)
    found = take(*members_of(tree, b"top-1.0/"))
    assert (rules(found), found.prefix) == ([], "top-1.0")
    table = FileTable(found.file_table)
    assert list(table) == rows
    expected = [(f"{row.mode:o}", row.sha256.hex, row.size, row.path) for row in rows]
    assert [(e.mode, e.digest, e.size, e.path) for e in parse_manifest(found.manifest)] == expected
    assert found.git_tree == git_tree(rows).hex()
    assert found.swhid == swhid(git_tree(rows))
    assert found.dir_hash == dir_hash(rows)
    regular = [row for row in rows if row.mode != 0o120000]
    assert (found.files, found.bytes, found.lines) == (
        len(rows),
        sum(r.size for r in regular),
        sum(r.lines for r in regular),
    )


def test_digests_agree_with_sha256sum(tmp_path: Path) -> None:
    found = take(file(b"a", b"one\n"), file(b"d/b", b"\0\xff" * 3000), file(b"e", b""))
    tool = shutil.which("sha256sum")
    assert tool
    for entry, content in zip(parse_manifest(found.manifest), (b"one\n", b"\0\xff" * 3000, b""), strict=True):
        answer = subprocess.run([tool], input=content, capture_output=True, check=True).stdout
        assert answer.split()[0].decode() == entry.digest


def test_lines_are_counted_as_git_and_editors_count_them() -> None:
    contents = {
        b"a": b"",
        b"b": b"x",
        b"c": b"x\n",
        b"d": b"x\ny",
        b"e": b"\n\n",
        b"f": b"\0\n",
        b"g": b"x" * 8000 + b"\0\n\n",
    }
    table = FileTable(take(*(file(name, content) for name, content in contents.items())).file_table)
    assert [row.lines for row in table] == [0, 1, 1, 2, 2, 0, 2]
    assert [row.binary for row in table] == [False] * 5 + [True, False]


class TestTopFolder:
    def test_a_common_top_folder_is_dropped_and_told(self) -> None:
        found = take(folder(b"p v/"), file(b"p v/a"), file(b"p v/d/b"))
        assert (paths(found), found.prefix) == ([b"a", b"d/b"], "p%20v")

    def test_only_one_folder_is_dropped(self) -> None:
        found = take(file(b"p/q/a"), file(b"p/q/b"))
        assert (paths(found), found.prefix) == ([b"q/a", b"q/b"], "p")

    def test_a_file_or_an_empty_folder_beside_it_keeps_it(self) -> None:
        for other in (file(b"other"), folder(b"other/"), symlink(b"other", b"p"), folder(b"other")):
            found = take(file(b"p/a"), other)
            assert found.prefix == ""
            assert b"p/a" in paths(found)

    def test_a_lone_file_is_not_a_folder(self) -> None:
        found = take(file(b"a"))
        assert (paths(found), found.prefix) == ([b"a"], "")

    def test_a_leading_dot_and_slash_is_no_folder(self) -> None:
        found = take(folder(b"./"), file(b"./a"), file(b"././d/b"), folder(b"./e"))
        assert (paths(found), found.prefix) == ([b"a", b"d/b"], "")
        found = take(folder(b"."), folder(b"./p/"), file(b"./p/a"), file(b"p/b"))
        assert (paths(found), found.prefix) == ([b"a", b"b"], "p")


class TestLinks:
    def test_a_symbolic_link_is_its_target_text(self) -> None:
        found = take(file(b"p/a", b"x"), symlink(b"p/s", b"a"))
        [_, link] = FileTable(found.file_table)
        assert (link.mode, link.size, link.sha256.hex) == (0o120000, 1, hashlib.sha256(b"a").hexdigest())
        assert (link.binary, link.lines, found.dir_hash, found.bytes, found.files) == (True, 0, None, 1, 2)

    def test_a_link_out_of_the_stripped_tree_is_flagged(self) -> None:
        found = take(file(b"pkg/a"), symlink(b"pkg/out", b"../secret"), symlink(b"pkg/d/in", b"../a"))
        assert flags(found) == [("out", "symlink-outside")]
        assert found.flagged[0].detail == "../secret"

    def test_an_absolute_link_and_one_that_comes_back_are_flagged(self) -> None:
        found = take(
            file(b"a"), symlink(b"abs", b"/etc/passwd"), symlink(b"back", b"../p/a"), symlink(b"fine", b"d/../a")
        )
        assert flags(found) == [("abs", "symlink-outside"), ("back", "symlink-outside")]

    def test_without_a_top_folder_the_same_link_stays_inside(self) -> None:
        assert flags(take(file(b"a"), symlink(b"pkg/out", b"../secret"))) == []

    @pytest.mark.parametrize("target", [b"", b"a\0b", 4097 * b"t"])
    def test_a_target_that_is_none_is_refused(self, target: bytes) -> None:
        assert rules(take(file(b"a"), pax({b"linkpath": target}), symlink(b"s", b"x"))) == [("s", "symlink-target")]

    def test_the_longest_target_is_admitted(self) -> None:
        assert paths(take(file(b"a"), gnu_long(4096 * b"t", b"K"), symlink(b"s", b"x"))) == [b"a", b"s"]

    def test_a_hard_link_is_the_earlier_files_content(self) -> None:
        found = take(file(b"p/a.c", b"x\ny", mode=b"0000755\0"), hardlink(b"p/b.py", b"./p/a.c"))
        [one, other] = FileTable(found.file_table)
        assert (one.sha256, one.sha1, one.mode, one.lines) == (other.sha256, other.sha1, other.mode, other.lines)
        assert (other.path, other.language, found.bytes) == (b"b.py", "python", 6)

    @pytest.mark.parametrize("target", [b"later", b"../outside", b"/etc/passwd", b"link", b"d", b"", b"self", b"A"])
    def test_a_hard_link_to_anything_but_an_earlier_file_is_refused(self, target: bytes) -> None:
        found = take(folder(b"d"), file(b"a"), symlink(b"link", b"a"), hardlink(b"self", target), file(b"later"))
        assert rules(found) == [("self", "hard-link-outside")]


class TestNames:
    @pytest.mark.parametrize(
        ("path", "rule"),
        [
            (b"/etc/passwd", "path-absolute"),
            (b"a/../../b", "path-dotdot"),
            (b"a/./b", "path-dot"),
            (b"a//b", "path-empty"),
            (b"a\x1b[31m", "path-control"),
            (b"a\0b", "path-control"),
            (b".git/config", "path-git"),
            (b"a/GIT~1/x", "path-git"),
            (256 * b"n", "path-component-long"),
            (b"a/" * 256 + b"a", "path-deep"),
            (b"/".join([254 * b"n"] * 17), "path-long"),
        ],
    )
    def test_a_fatal_name_is_refused_for_files_folders_and_links(self, path: bytes, rule: str) -> None:
        for member in (file(b"x", b"content"), folder(b"x"), symlink(b"x", b"good"), hardlink(b"x", b"good")):
            found = take(file(b"good"), pax({b"path": path}), member, file(b"later"))
            assert rule in [name for _, name in rules(found)]
            assert all(len(finding.path) <= 3 * 4096 for finding in found.refused)

    def test_the_root_and_the_nameless_are_refused_as_folders_too(self) -> None:
        assert rules(take(file(b"a"), folder(b"/"))) == [("/", "path-absolute")]
        assert rules(take(file(b"a"), folder(b""))) == [("", "path-empty")]
        assert rules(take(file(b"a"), folder(b"d//"))) == [("d/", "path-empty")]

    def test_a_name_of_a_megabyte_is_refused_in_few_words(self) -> None:
        found = take(long_file(b"\xff" * 1_000_000), long_file(b"a/" * 500_000))
        assert {rule for _, rule in rules(found)} == {"path-long", "path-component-long", "path-deep", "path-empty"}
        assert sum(len(finding.path) for finding in found.refused) < 100_000

    def test_flags_name_what_was_admitted_as_the_manifest_does(self) -> None:
        found = take(folder(b"pkg /"), file(b"pkg /a\\b"), file(b"pkg /d./c"), file(b"pkg /D./x"), file(b"pkg /D./y"))
        assert flags(found) == [
            ("pkg%20", "name-trailing"),
            ("D.", "name-trailing"),
            ("a%5Cb", "name-backslash"),
            ("d.", "name-trailing"),
            ("D.", "name-collision"),
            ("d.", "name-collision"),
        ]

    def test_refusals_name_members_as_the_archive_does(self) -> None:
        found = take(file(b"pkg/a b"), file(b"pkg/a b"), header(b"pkg/fi fo", b"6"))
        assert rules(found) == [("pkg/a%20b", "duplicate-path"), ("pkg/fi%20fo", "unsupported-member")]

    def test_a_backslash_never_separates(self) -> None:
        assert paths(take(file(b"..\\..\\x"), file(b"a"))) == [b"..\\..\\x", b"a"]


class TestClashes:
    def test_a_path_twice_is_refused_whatever_it_is(self) -> None:
        for other in (file(b"a", b"2"), symlink(b"a", b"b"), hardlink(b"a", b"b"), file(b"./a")):
            assert rules(take(file(b"b"), file(b"a", b"1"), other)) == [("a", "duplicate-path")]

    def test_a_folder_may_repeat(self) -> None:
        assert paths(take(folder(b"d/"), file(b"d/a"), folder(b"d"), file(b"b"))) == [b"b", b"d/a"]

    @pytest.mark.parametrize("other", [folder(b"a/"), file(b"a/b"), file(b"a/b/c"), symlink(b"a/l", b"x")])
    def test_a_file_and_a_folder_of_one_name_are_refused_in_any_order(self, other: bytes) -> None:
        for one in (file(b"a"), symlink(b"a", b"x")):
            for order in ((one, other), (other, one)):
                assert ("a", "file-and-folder") in rules(take(*order))


class TestGitsOwnFiles:
    SPELLINGS = (
        b".gitmodules",
        b".GITATTRIBUTES",
        b"gi7~1234",
        b"gitmod~1",
        ".g\u200citmodules".encode(),
        b"x\\.gitmodules",
    )

    @pytest.mark.parametrize("name", SPELLINGS)
    def test_their_content_is_handed_over_for_git_to_judge(self, name: bytes) -> None:
        found = take(long_file(b"p/d/" + name, b"content"), file(b"p/a"))
        assert rules(found) == []
        assert found.git_files == ((b"p/d/" + name, b"content"),)

    @pytest.mark.parametrize("name", SPELLINGS)
    def test_as_links_or_folders_they_are_refused(self, name: bytes) -> None:
        where = {b"path": b"d/" + name}
        assert [rule for _, rule in rules(take(file(b"a"), pax(where), symlink(b"x", b"a")))] == ["path-git-symlink"]
        assert [rule for _, rule in rules(take(file(b"a"), pax(where), folder(b"x")))] == ["path-git-folder"]
        assert [rule for _, rule in rules(take(file(b"a"), long_file(b"d/" + name + b"/x")))] == ["path-git-folder"]

    def test_a_hard_link_does_not_smuggle_their_content_in(self) -> None:
        hostile = file(b"notes", b'[submodule "../x"]\n')
        assert rules(take(hostile, hardlink(b".gitmodules", b"notes"))) == [(".gitmodules", "path-git-hard-link")]
        found = take(file(b".gitattributes", b"x"), hardlink(b"d/.gitattributes", b".gitattributes"))
        assert found.git_files == ((b".gitattributes", b"x"), (b"d/.gitattributes", b"x"))

    def test_one_too_large_to_judge_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        large = bytes(intake.MAX_GIT_FILE_BYTES + 1)
        assert rules(take(file(b".gitmodules", large))) == [(".gitmodules", "git-file-large")]
        assert rules(take(file(b".gitmodules", bytes(WHOLE_BYTES + 1)))) == [(".gitmodules", "git-file-large")]
        monkeypatch.setattr(intake, "MAX_GIT_FILES", 1)
        assert rules(take(file(b"a/.gitmodules"), file(b"b/.gitmodules"))) == [("b/.gitmodules", "git-file-large")]
        monkeypatch.setattr(intake, "MAX_GIT_FILES", 9)
        monkeypatch.setattr(intake, "MAX_GIT_BYTES", 9)
        assert rules(take(file(b"a/.gitmodules", 9 * b"x"), file(b"b/.gitmodules", b"y"))) == [
            ("b/.gitmodules", "git-file-large")
        ]

    def test_names_that_only_look_alike_are_ordinary(self) -> None:
        found = take(file(b".gitattributes.d/x"), symlink(b".gitmodules_old", b"x"), file(b".gitignore"))
        assert rules(found) == []
        assert found.git_files == ()


class TestEmptyFolders:
    def test_they_change_the_swhid_and_nothing_else(self) -> None:
        plain = take(file(b"p/a"), file(b"p/d/b"))
        with_empty = take(
            folder(b"p/"), file(b"p/a"), folder(b"p/d"), file(b"p/d/b"), folder(b"p/e"), folder(b"p/d/f/g/")
        )
        assert with_empty.swhid != plain.swhid
        assert (with_empty.git_tree, with_empty.manifest, with_empty.dir_hash) == (
            plain.git_tree,
            plain.manifest,
            plain.dir_hash,
        )
        assert plain.swhid == f"swh:1:dir:{plain.git_tree}"
        assert take(file(b"p/a"), file(b"p/d/b"), folder(b"p/e"), folder(b"p/d/f/g")).swhid == with_empty.swhid

    def test_folders_alone_are_no_source(self) -> None:
        assert rules(take(folder(b"a"), folder(b"a/b"))) == [("", "no-files")]
        assert rules(take()) == [("", "no-files")]


class TestArchivesThatCannotBeRead:
    @pytest.mark.parametrize(
        ("members", "end", "rule"),
        [
            (header(b"a", checksum=b"0000000\0"), END, "tar-checksum"),
            (header(b"a", size_field=b"\xff" * 12), END, "tar-size"),
            (header(b"a", size=5000), END, "tar-truncated"),
            (file(b"a"), b"", "tar-end-missing"),
            (file(b"a"), bytes(512), "tar-end-missing"),
            (file(b"a"), END + b"x", "tar-trailing"),
            (header(b"a", b"3"), END, "unsupported-member"),
            (pax({b"path": b"x"}, b"g") + file(b"a"), END, "tar-meta"),
            (header(b"a", magic=b"rats    "), END, "tar-header"),
        ],
    )
    def test_they_are_refused_with_the_readers_rule(self, members: bytes, end: bytes, rule: str) -> None:
        [(_, found)] = rules(take(file(b"before"), members, end=end))
        assert found == rule

    def test_what_was_wrong_before_the_end_is_told_too(self) -> None:
        found = take(file(b"../a"), file(b"b"), file(b"b"), header(b"c c", b"4"), file(b"never/../seen"))
        assert rules(found) == [("../a", "path-dotdot"), ("b", "duplicate-path"), ("c%20c", "unsupported-member")]

    def test_refusals_are_bounded(self) -> None:
        assert len(take(*(file(b"../%d" % number) for number in range(MAX_REFUSALS + 50))).refused) == MAX_REFUSALS

    def test_flags_are_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(flaglist, "MAX_FLAGS", 7)
        found = take(*(file(b"%d " % number) for number in range(20)), file(b"\xff"))
        assert len(paths(found)) == 21
        assert flags(found)[:7] == [(f"{name}%20", "name-trailing") for name in sorted(map(str, range(20)))[:7]]
        assert [(item.path, item.rule, item.detail) for item in found.flagged[7:]] == [
            ("", "flags-more", "13 name-trailing, 1 name-utf8")
        ]

    def test_flags_are_bounded_by_their_bytes_too_and_those_that_are_not_told_are_counted(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(flaglist, "MAX_FLAG_BYTES", 1000)
        found = take(*(file(b"%02d/" % number + b"\xff" * 90) for number in range(20)))
        *told, last = found.flagged
        assert [item.rule for item in told] == ["name-utf8"] * 3
        assert (last.path, last.rule, last.detail) == ("", "flags-more", "17 name-utf8")

    def test_names_below_many_folders_cost_what_they_are_long_and_not_what_all_their_folders_are(self) -> None:
        """256 folders a name and a name that is flagged at its top: written out at each level it would be gigabytes."""
        deep = b"/".join([b"\xff"] + [b"n" * 14] * 254)
        names = [b"%03d" % number + deep + b"/f" for number in range(300)]
        before = time.process_time()
        found = take(*(pax({b"path": name}) + file(b"x") for name in names))
        assert time.process_time() - before < 20
        assert len(paths(found)) == 300
        assert {item.rule for item in found.flagged} == {"name-utf8"}

    def test_folders_without_end_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(intake, "MAX_NAME_BYTES", 2000)
        found = take(pax({b"path": b"/".join([b"folder"] * 50) + b"/f"}) + file(b"x"))
        assert [(item.path, item.rule) for item in found.refused] == [("", "limit-names")]


def test_two_contents_of_one_sha1_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Collision:
        def __init__(self, data: bytes = b"", **_: object) -> None: ...

        def digest(self) -> bytes:
            return bytes(20)

    monkeypatch.setattr("transparency.proofs.sources.intake.hashlib.sha1", Collision)
    assert rules(take(file(b"a", b"good"), file(b"b", b"evil"))) == [("b", "sha1-collision")]


def test_a_decompressor_that_fails_makes_a_refusal_and_keeps_its_flags() -> None:
    class Failing(PlainStream):
        flags = (("stream-concatenated", "2 members"),)

        def finish(self) -> None:
            raise ArchiveError("stream-trailing", expected="nothing", found="something")

    found = take_in(TarSource(Failing(file(b"a") + END), Limits()), io.BytesIO())
    assert rules(found) == [("", "stream-trailing")]
    assert found.refused[0].detail == "expected nothing, found something"
    assert flags(found) == [("", "stream-concatenated")]
