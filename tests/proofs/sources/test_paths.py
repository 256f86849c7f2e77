from __future__ import annotations

import doctest
import json
import random
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.sources.tars import flags, long_file, rules, take
from tests.proofs.sources.trees import ENVIRONMENT, Git, blob_id
from transparency.proofs.escaping import escape_path, unescape_path
from transparency.proofs.filetable import FileTable
from transparency.proofs.identity import object_id
from transparency.proofs.manifest import parse_manifest
from transparency.proofs.sources import paths
from transparency.proofs.sources.nametree import NameTree
from transparency.proofs.sources.packfile import BLOB, TREE, PackWriter
from transparency.proofs.sources.paths import (
    MAX_LINKS,
    collisions,
    concerns_git_rules,
    judge_names,
    judge_path,
    leaves_tree,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

IGNORED = "\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u206a\u206b\u206c\u206d\u206e\u206f\ufeff"

DOT_GIT = [
    b".git", b".GIT", b".Git", b".gIT", b".git ", b".git.", b".git . .", b".git...", b"git~1", b"GIT~1", b"Git~1.", b"git~1 ",
    b".git:", b".git::$INDEX_ALLOCATION", b"git~1:x", b"a\\.git", b"a\\git~1", b"\\.git", b"x\\.GIT .", b".git\\x", b"git~1\\y",
    b"a\\.git:b", b".git\xff", b".git\xc3", b".git\xed\xa0\x80", b".git\xc0\xaf", b".git\xef\xbf\xbe", b".git\xef\xbf\xbf x",
    ".g\u200cit".encode(), ".\u200dgit\u200e".encode(), "\ufeff.git".encode(), ".GI\u202eT".encode(), ".g\u206ai\u206ft".encode(),
    ".git\u200c".encode() + b"\xff", *(f".git{mark}".encode() for mark in IGNORED),
]  # fmt: skip
NOT_GIT = [
    b"git", b".gitx", b".git~1", b"git~2", b"git~11", b".gi", b"git~1x", b".git-x", b".gitignore", b"a.git", b"x:.git", b". git",
    b".git\xc3\xa9", ".git\u2060".encode(), ".git\u00ad".encode(), ".git\u3002".encode(), b"\xff.git", b".git\xef\xbf\xbd", b".g\xffit",
    b"GITHUB~1", ".ɡit".encode(), b".git\xf0\x9f\x98\x80", b"git~1a\\b",
]  # fmt: skip
SPECIAL = [
    b".gitmodules", b".GitModules", b".gitmodules ", b".gitmodules.", b".gitmodules . ", b".gitmodules:x", b"gitmod~1", b"GITMOD~4",
    b"gitmod~2 .", b"gi7eba~1", b"GI7EBA~9", b"gi7eb~10", b"gi7~1234", b"g~123456", b"~1234567", b".gitmodules\xff",
    ".gitmod\u200cules".encode(), ".git\u200dmodules".encode(), ".g\u202eitmodules\ufeff".encode(), b".gitattributes", b"gitatt~1",
    b"gi7d29~1", b"gi7d2~12", b".GITATTRIBUTES ", ".gi\u200ctattributes".encode(), b"gi7eba~1 . :x",
]  # fmt: skip
NOT_SPECIAL = [
    b".gitmodules.d", b".gitmodules_", b".gitmodule", b"gitmod~5", b"gitmod~0", b"gitmod~1x", b"gi7eba~0", b"gi7ebax~", b"gi7eba~",
    b"gi7eb~1", b"gi7eb~1x", b".gitattributes.bak", b"gitmodules", b"x.gitmodules", b"gi7ebb~1", b"~0234567", b"a~123456",
]  # fmt: skip


def one_file_tree(name: bytes, mode: int) -> bytes:
    return b"%o %s\0%s" % (mode, name, blob_id(b"x"))


def refused_by_fsck(
    folder: Path, names: Iterable[bytes], *, mode: int = 0o100644, word: str = "error in tree"
) -> set[bytes]:
    """Which of these names of a file git's fsck refuses: a tree for each, all in one pack."""
    repository = Git(folder / "fsck")
    pack = repository.folder / "objects" / "pack" / "pack-x.pack"
    by_tree = {object_id("tree", one_file_tree(name, mode)).hex(): name for name in names}
    with pack.open("w+b") as stream:
        writer = PackWriter(stream)
        writer.add(BLOB, b"x")
        for name in by_tree.values():
            writer.add(TREE, one_file_tree(name, mode))
        index = writer.finish()
    pack.with_suffix(".idx").write_bytes(index)
    command = ["git", "fsck", "--strict", "--no-dangling"]
    environment = {**ENVIRONMENT, "GIT_DIR": "."}
    done = subprocess.run(command, cwd=repository.folder, capture_output=True, check=False, env=environment)
    said = [line for line in done.stderr.decode().splitlines() if word in line]
    return {name for tree, name in by_tree.items() if any(tree in line for line in said)}


def index_pack_accepts(folder: Path, name: bytes) -> bool:
    pack = folder / "one.pack"
    with pack.open("w+b") as stream:
        writer = PackWriter(stream)
        writer.add(BLOB, b"x")
        writer.add(TREE, one_file_tree(name, 0o100644))
        writer.finish()
    command = ["git", "index-pack", "--strict", str(pack)]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, env=ENVIRONMENT)
    pack.with_suffix(".idx").unlink(missing_ok=True)
    return done.returncode == 0


def fatal(path: bytes) -> list[str]:
    return [finding.rule for finding in judge_path(path) if finding.fatal]


def flagged(path: bytes) -> list[str]:
    return [finding.rule for finding in judge_path(path) if not finding.fatal]


def test_the_worked_example_of_the_module_holds() -> None:
    assert doctest.testmod(paths).failed == 0


def test_every_spelling_of_dot_git_that_gits_fsck_refuses_is_refused(tmp_path: Path) -> None:
    names = DOT_GIT + NOT_GIT
    assert refused_by_fsck(tmp_path, names) == set(DOT_GIT)
    for name in names:
        assert ("path-git" in fatal(name)) == (name in DOT_GIT), name
        assert ("path-git" in fatal(b"a/" + name + b"/b")) == (name in DOT_GIT), name


def test_index_pack_itself_refuses_those_spellings(tmp_path: Path) -> None:
    for name in DOT_GIT[:32]:
        assert not index_pack_accepts(tmp_path, name), name
    assert index_pack_accepts(tmp_path, b".gitx")


def test_every_spelling_of_gits_own_files_is_looked_into(tmp_path: Path) -> None:
    names = SPECIAL + NOT_SPECIAL
    assert refused_by_fsck(tmp_path, names, mode=0o120000, word="ymlink") == set(SPECIAL)
    for name in names:
        assert concerns_git_rules(name) == (name in SPECIAL), name


def test_thousands_of_mangled_spellings_are_judged_as_git_judges_them(tmp_path: Path) -> None:
    generator = random.Random(11)
    seeds = [
        b".git",
        b"git~1",
        b".gitmodules",
        b"gitmod~1",
        b"gi7eba~1",
        b"gi7eb~12",
        b".gitattributes",
        b"gi7d29~1",
        b"gitatt~2",
    ]
    marks = [mark.encode() for mark in IGNORED] + [b"\xff", b"\xc3", b"\xef\xbf\xbf", "\u2060".encode(), "é".encode()]
    bits = [*marks, b"\\", b":", b" ", b".", b"~", b"1", b"2", b"g", b"G", b"I", b"x", b"0"]
    names: set[bytes] = set()
    while len(names) < 6000:
        name = generator.choice(seeds)
        for _ in range(generator.randrange(1, 4)):
            place = generator.randrange(len(name) + 1)
            name = name[:place] + generator.choice(bits) + name[place + generator.randrange(2) :]
        if name not in {b"", b".", b".."}:
            names.add(name)
    dot_git = refused_by_fsck(tmp_path / "files", names, word="hasDotgit")
    assert len(dot_git) > 100
    assert {name for name in names if "path-git" in fatal(name)} == dot_git
    special = refused_by_fsck(tmp_path / "links", names, mode=0o120000, word="ymlink")
    assert len(special) > 100
    # git looks behind a backslash for one of the two files only; we look for both.
    ours = {name for name in names if concerns_git_rules(name)}
    assert special <= ours
    assert all(b"\\" in name for name in ours - special)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        (b"", "path-empty"),
        (b"a//b", "path-empty"),
        (b"a/", "path-empty"),
        (b"/a", "path-absolute"),
        (b"/", "path-absolute"),
        (b"a/./b", "path-dot"),
        (b".", "path-dot"),
        (b"..", "path-dotdot"),
        (b"a/../../b", "path-dotdot"),
        *((b"a/x%cy" % byte, "path-control") for byte in [*range(32), 127]),
        (256 * b"n", "path-component-long"),
        (b"a/" + 256 * b"n" + b"/b", "path-component-long"),
        (b"/".join([b"a"] * 257), "path-deep"),
        (b"/".join([255 * b"n"] * 16) + b"/n", "path-long"),
    ],
)
def test_what_is_fatal_in_names(path: bytes, rule: str) -> None:
    assert rule in fatal(path)
    assert judge_path(path)[0].fatal


def test_the_longest_names_that_are_admitted() -> None:
    assert judge_path(255 * b"n") == ()
    assert judge_path(b"/".join([b"a"] * 256)) == ()
    longest = b"/".join([255 * b"n"] * 16)
    assert len(longest) == 4095
    assert judge_path(longest) == ()
    assert judge_path(b"ab/" + b"/".join([254 * b"n"] * 15 + [251 * b"n"] + [b"n" * 13])) == ()


def test_the_very_boundary_of_a_paths_length() -> None:
    for size, rule in ((4096, []), (4097, ["path-long"])):
        path = b"/".join([255 * b"n"] * 15 + [b"n" * 254, b"n" * (size - 4095)])
        assert len(path) == size
        assert fatal(path) == rule


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("a\u0080b".encode(), "name-c1"),
        ("a\u009fb".encode(), "name-c1"),
        ("a\u0085b".encode(), "name-c1"),
        ("a\u2028b".encode(), "name-separator"),
        ("a\u2029b".encode(), "name-separator"),
        *((f"a{mark}b".encode(), "name-invisible") for mark in IGNORED),
        *(
            (f"a{mark}b".encode(), "name-invisible")
            for mark in "\u00ad\u061c\u180e\u200b\u2060\u2066\u2067\u2068\u2069"
        ),
        *((f"a{mark}b".encode(), "name-invisible") for mark in "\u034f\u115f\u3164\uffa0\ufe0f\U000e0041\U000e0100"),
        (b"..\\x", "name-backslash"),
        (b"a\\", "name-backslash"),
        (b"C:", "name-drive"),
        (b"c:x", "name-drive"),
        *(
            (name, "name-reserved")
            for name in [b"con", b"NUL", b"aux.c", b"Com1", b"lpt9.txt.gz", b"PRN ", b"nul.", b"CONIN$"]
        ),
        ("com\u00b9".encode(), "name-reserved"),
        (b"a.", "name-trailing"),
        (b"a ", "name-trailing"),
        (b"...", "name-trailing"),
        (b"\xff", "name-utf8"),
        (b"a\xc3", "name-utf8"),
        (b"\xed\xa0\x80", "name-utf8"),
        (b"\xc0\xaf", "name-utf8"),
    ],
)
def test_what_is_kept_and_flagged_in_names(name: bytes, rule: str) -> None:
    assert fatal(name) == []
    assert rule in flagged(name)
    assert rule in flagged(b"a/" + name + b"/b")
    found = take(long_file(name))
    assert rules(found) == []
    assert (escape_path(name), rule) in flags(found)


@pytest.mark.parametrize(
    "name",
    [
        b"a",
        b"con1",
        b"console.c",
        b"com",
        b"com0",
        b"a.b c",
        b"ab:c",
        b"~",
        b"#x#",
        "naïve".encode(),
        b"-rf",
        b"a'b\"c",
    ],
)
def test_ordinary_names_are_not_flagged(name: bytes) -> None:
    assert judge_path(name) == ()


def test_a_flaw_of_a_folder_is_told_once_and_at_the_folder() -> None:
    found = [write() for _, write in judge_names(NameTree([b"a/bad /x", b"a/bad /y", b"a/bad /z "]))]
    assert [(finding.path, finding.rule) for finding in found] == [
        ("a/bad%20", "name-trailing"),
        ("a/bad%20/z%20", "name-trailing"),
    ]


def test_names_that_differ_by_case_or_normal_form_are_flagged() -> None:
    composed, split = "é".encode(), "e\u0301".encode()
    tree = [
        b"A/x",
        b"a/y",
        b"readme",
        b"README",
        composed,
        split,
        b"Stra\xc3\x9fe",
        b"STRASSE",
        b"k",
        "\u212a".encode(),
        b"other",
    ]
    found = {finding.path: finding.detail for finding in (write() for _, write in collisions(NameTree(tree)))}
    assert set(found) == {escape_path(path) for path in tree if path not in {b"A/x", b"a/y", b"other"}} | {"A", "a"}
    assert found["a"] == "like A"
    assert found["README"] == "like readme"
    assert list(collisions(NameTree([b"a/b", b"a/c", b"\xff", b"\xfe"]))) == []


@pytest.mark.parametrize(
    ("path", "target", "outside"),
    [
        (b"out", b"../secret", True),
        (b"d/in", b"../a", False),
        (b"d/out", b"../../a", True),
        (b"abs", b"/etc/passwd", True),
        (b"d/zigzag", b"x/../../../a", True),
        (b"d/zigzag", b"x/../../a", False),
        (b"here", b".", False),
        (b"a", b".//./b", False),
        (b"up", b"..", True),
        (b"name", b"..\\x", False),
        (b"a/b", b"c/../..", False),
    ],
)
def test_whether_a_link_leaves_the_tree_is_told_by_its_names(path: bytes, target: bytes, outside: bool) -> None:
    assert leaves_tree(path, target, {}) == outside


@pytest.mark.parametrize(
    ("links", "outside"),
    [
        ({b"l": b"s", b"s": b"/etc"}, True),
        ({b"l": b"s/x", b"s": b"/etc"}, True),
        ({b"l": b"d/s/../x", b"d/s": b".."}, True),
        ({b"l": b"d/s/x", b"d/s": b".."}, False),
        ({b"l": b"a/b/c/s/../x", b"a/b/c/s": b"../../.."}, True),
        ({b"l": b"a/b/c/s/../x", b"a/b/c/s": b"../.."}, False),
        ({b"l": b"s/../../x", b"s": b"a/b/c"}, False),
        ({b"l": b"l"}, False),
        ({b"l": b"s/x", b"s": b"l"}, False),
        ({b"l": b"./" * 9000}, True),
        ({b"l": b"1"} | {b"%d" % number: b"%d" % (number + 1) for number in range(1, MAX_LINKS)} | {b"%d" % MAX_LINKS: b".."}, True),
        ({b"l": b"1"} | {b"%d" % number: b"%d" % (number + 1) for number in range(1, MAX_LINKS + 2)} | {b"%d" % (MAX_LINKS + 2): b".."}, False),
        ({b"l": b"l/" * 2000}, False),
        ({b"l": b"./" * 2000 + b"0"} | {b"%d" % number: b"./" * 2000 + b"%d" % (number + 1) for number in range(9)}, True),
    ],
)  # fmt: skip
def test_whether_a_link_leaves_the_tree_through_other_links(links: dict[bytes, bytes], outside: bool) -> None:
    assert leaves_tree(b"l", links[b"l"], links) == outside


@given(st.binary(min_size=1, max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_name_is_refused_by_a_rule_or_round_trips(name: bytes) -> None:
    refused_or_kept(name)


def refused_or_kept(name: bytes) -> bool:
    """True when kept; then manifest and file table give the very bytes back."""
    found = take(long_file(name, b"content"))
    if found.refused:
        # A PAX record ends a name at nothing; what is refused has a rule and is told in plain characters.
        assert all(rule and path.isascii() and path.isprintable() for path, rule in rules(found))
        return False
    kept = unescape_path(found.prefix) + b"/" if found.prefix else b""
    [entry] = parse_manifest(found.manifest)
    while name.startswith(b"./"):
        name = name[2:]
    assert kept + entry.path == name
    assert FileTable(found.file_table).path(0) == entry.path
    assert all(path.isascii() and path.isprintable() for path, _ in flags(found))
    return True


def test_no_naughty_string_breaks_anything_as_a_name(vectors: Callable[[str], Path]) -> None:
    strings = json.loads((vectors("names") / "blns.json").read_text(encoding="utf-8"))
    assert len(strings) == 515
    kept = sum(refused_or_kept(string.encode("utf-8", "surrogatepass")) for string in strings)
    assert 400 < kept < 515


def test_all_naughty_strings_make_one_tree(vectors: Callable[[str], Path]) -> None:
    strings = {string.encode() for string in json.loads((vectors("names") / "blns.json").read_text(encoding="utf-8"))}
    names = sorted(name for name in strings if not fatal(name) and not name.startswith(b"./"))
    names = [name for name in names if not any(other.startswith(name + b"/") for other in names)]
    stream = [long_file(b"top/" + name, name) for name in names]
    found = take(*stream)
    assert rules(found) == []
    assert [entry.path for entry in parse_manifest(found.manifest)] == names
    assert [entry.path for entry in FileTable(found.file_table)] == names
