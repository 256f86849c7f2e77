"""Names in every spelling, in every place that an archive has for a name."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.hostile.cases import OUT, check, kept, meet, refused, said
from tests.proofs.sources.tars import END, file, folder, gnu_long, hardlink, header, pax, symlink
from tests.proofs.sources.zips import DOS, Entry, make_zip
from transparency.proofs.escaping import escape_path, unescape_path
from transparency.proofs.manifest import parse_manifest
from transparency.proofs.sources.paths import MAX_PATH_BYTES, judge_path, normal_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# What is refused, and by which rules.
FATAL = {
    "CVE-2001-1267 CVE-2007-4559 a folder up": (b"../" + OUT, ["path-dotdot"]),
    "CVE-2018-1002200 zip slip": (b"../../../../../../../../tmp/" + OUT, ["path-dotdot"]),
    "CVE-2016-6321 up in the middle": (b"etc/motd/../../../" + OUT, ["path-dotdot"]),
    "CVE-2002-0399 up after a dot": (b"./../" + OUT, ["path-dotdot"]),
    "CVE-2002-0399 up after the root": (b"/../" + OUT, ["path-absolute", "path-dotdot"]),
    "up at the end": (OUT + b"/..", ["path-dotdot"]),
    "up and nothing else": (b"..", ["path-dotdot"]),
    "a dot and nothing else": (b".", ["path-dot"]),
    "a dot in the middle": (b"a/./" + OUT, ["path-dot"]),
    "CVE-2001-1269 from the root": (b"/tmp/" + OUT, ["path-absolute"]),
    "CVE-2021-32804 from the root, repeated": (b"////tmp/" + OUT, ["path-absolute"]),
    "from the root after a dot": (b".//tmp/" + OUT, ["path-absolute"]),
    "the root itself": (b"/", ["path-absolute"]),
    "CVE-2024-8088 slashes alone": (b"//", ["path-absolute"]),
    "a network share": (b"//host/share/" + OUT, ["path-absolute"]),
    "a doubled slash": (b"a//" + OUT, ["path-empty"]),
    "CVE-2022-1271 a line feed": (OUT + b"\nfound.txt", ["path-control"]),
    "CVE-2025-48384 a carriage return at the end": (b"x\r", ["path-control"]),
    "a tab": (b"a\tb", ["path-control"]),
    "a terminal's command": (b"a\x1b]0;owned\x07", ["path-control"]),
    "a backspace": (b"evil\x08\x08\x08\x08good", ["path-control"]),
    "a delete": (b"evil\x7f", ["path-control"]),
    "CVE-2014-9390 .git": (b".git/hooks/post-checkout", ["path-git"]),
    "CVE-2014-9390 .GIT": (b"a/.GIT/config", ["path-git"]),
    "CVE-2014-9390 .git for HFS+": (b".g\xe2\x80\x8cit/config", ["path-git"]),
    "CVE-2014-9390 .git for NTFS": (b"git~1/config", ["path-git"]),
    "CVE-2014-9390 .git with a dot": (b".git./config", ["path-git"]),
    "CVE-2014-9390 .git with a space": (b".git /config", ["path-git"]),
    "CVE-2019-1352 .git as an NTFS stream": (b".git::$INDEX_ALLOCATION/config", ["path-git"]),
    "CVE-2019-1354 .git after a backslash": (b"a\\.git\\config", ["path-git"]),
    "CVE-2019-1353 a short name after a backslash": (b"a\\GIT~1\\config", ["path-git"]),
    "a submodule's folder": (b"modules/lib/.git/config", ["path-git"]),
    "a component of 256 bytes": (256 * b"n", ["path-component-long"]),
    "a path of 4,097 bytes": (b"/".join(16 * [255 * b"n"]) + b"/n", ["path-long"]),
    "a path of 257 components": (b"d/" * 256 + b"n", ["path-deep"]),
}

# What is kept byte for byte, and flagged at these names.
ODD = {
    "up by backslashes": (b"..\\..\\" + OUT, [(b"..\\..\\" + OUT, "name-backslash")]),
    "a folder by backslash": (b"a\\" + OUT, [(b"a\\" + OUT, "name-backslash")]),
    "a drive": (b"C:/" + OUT, [(b"C:", "name-drive")]),
    "CVE-2021-37713 a path of a drive": (b"C:..\\" + OUT, [(b"C:..\\" + OUT, "name-backslash"), (b"C:..\\" + OUT, "name-drive")]),
    "a device of Windows": (b"CON", [(b"CON", "name-reserved")]),
    "CVE-2025-27210 a device with a suffix": (b"src/aux.c", [(b"src/aux.c", "name-reserved")]),
    "a device with a superscript": ("COM¹".encode(), [("COM¹".encode(), "name-reserved")]),
    "a dot at the end": (b"file.", [(b"file.", "name-trailing")]),
    "a space at the end": (b"d /file", [(b"d ", "name-trailing")]),
    "three dots": (b".../file", [(b"...", "name-trailing")]),
    "CVE-2000-0884 up in overlong UTF-8": (b"\xc0\xae\xc0\xae/" + OUT, [(b"\xc0\xae\xc0\xae", "name-utf8")]),
    "bytes that are no text": (b"\xff\xfe", [(b"\xff\xfe", "name-utf8")]),
    "half a surrogate": (b"\xed\xa0\x80", [(b"\xed\xa0\x80", "name-utf8")]),
    "CVE-2021-42574 a name read backwards": ("gpj\u202eexe".encode(), [("gpj\u202eexe".encode(), "name-invisible")]),
    "a name of nothing": ("\u200b".encode(), [("\u200b".encode(), "name-invisible")]),
    "a space of no width": ("ma\u2060in.c".encode(), [("ma\u2060in.c".encode(), "name-invisible")]),
    "a line separator": ("a\u2028b".encode(), [("a\u2028b".encode(), "name-separator")]),
    "a C1 control": ("a\x9b31mb".encode(), [("a\x9b31mb".encode(), "name-c1")]),
}  # fmt: skip

# What looks dangerous to people or shells and is a name like any other.
PLAIN = {
    "an option": b"--checkpoint-action=exec=sh",
    "an option in a folder": b"-rf/*",
    "a file name for a shell": b"|;touch " + OUT + b";",
    "a command": b"$(touch " + OUT + b")",
    "markup": b"<img src=x onerror=alert(1)>.c",
    "a percent escape": b"%2e%2e%2f" + OUT,
    "a formula": b"=cmd|'/C calc'!A0",
    "a home": b"~/" + OUT,
    "a format": b"%s%n%p{0}{{}}",
    "quotes": b"'\"`",
    "four dots and more": b"....-/....a",
    "a URL": b"https:/x/" + OUT,
    "a git file of this place": b".gitignore",
    "git spelled nearly": b".gitx/.git~1/git~11",
}


def dress(name: bytes) -> dict[str, bytes]:
    """A tar of one file under this name in each field that can hold it, and a zip made on Unix and one made elsewhere."""
    content = b"content\n"
    tars = {"pax": pax({b"path": name}) + file(b"shown", content), "gnu": gnu_long(name) + file(b"shown", content)}
    if len(name) <= 100:
        tars["ustar"] = file(name, content)
    first, slash, last = name.rpartition(b"/")
    if slash and first and last and len(first) <= 155 and len(last) <= 100:
        tars["prefix"] = file(last, content, prefix=first)
    zips = {kind: make_zip(Entry(name, content, made_by=by)) for kind, by in (("zip", 3 << 8), ("dos zip", DOS))}
    return {kind: tar + END for kind, tar in tars.items()} | zips


@pytest.mark.parametrize(("name", "rules"), FATAL.values(), ids=FATAL.keys())
def test_a_fatal_name_is_refused_wherever_it_stands(tmp_path: Path, name: bytes, rules: list[str]) -> None:
    told = escape_path(normal_path(name, folder=False)[:MAX_PATH_BYTES])
    for kind, archive in dress(name).items():
        if "zip" in kind and name.endswith(b"/"):
            continue  # a folder, as below
        check(meet(tmp_path, archive), refused(archive, *((told, rule) for rule in rules)))


@pytest.mark.parametrize(("name", "rules"), FATAL.values(), ids=FATAL.keys())
def test_a_fatal_name_is_refused_for_folders_and_links_too(tmp_path: Path, name: bytes, rules: list[str]) -> None:
    if set(name) <= set(b"./"):
        return  # what is only dots and slashes has cases of its own
    told = escape_path(normal_path(name, folder=False)[:MAX_PATH_BYTES])
    named = pax({b"path": name})
    links = (named + symlink(b"x", b"y"), file(b"y") + named + hardlink(b"x", b"y"))
    for archive in (*(tar + END for tar in links), make_zip(Entry(name, b"y", mode=0o120777))):
        check(meet(tmp_path, archive), refused(archive, *((told, rule) for rule in rules)))
    below = name + b"/"
    for archive in (
        pax({b"path": below}) + folder(b"x/") + END,
        make_zip(Entry(below, mode=0o040755)),
        make_zip(Entry(below, made_by=DOS)),
    ):
        found = meet(tmp_path, archive)
        said(found)
        assert {item.rule for item in found.refused} == {*rules}


@pytest.mark.parametrize("name", [b"..", b"../", b"a/..", b"/", b"//", b"./..", b"./../", b"a/./"])
def test_folders_that_are_only_dots_and_slashes_are_refused(tmp_path: Path, name: bytes) -> None:
    below = name if name.endswith(b"/") else name + b"/"
    for archive in (folder(name) + END, make_zip(Entry(below, mode=0o040755))):
        found = meet(tmp_path, archive)
        assert {item.rule for item in found.refused} & {"path-dotdot", "path-absolute", "path-empty", "path-dot"}


def test_a_name_with_a_zero_byte_is_refused_where_the_field_can_hold_one(tmp_path: Path) -> None:
    """What one reader cuts at the zero byte, another reads on."""
    name = b"evil.sh\0.txt"
    for archive in (pax({b"path": name}) + file(b"x") + END, gnu_long(name) + file(b"x") + END, make_zip(Entry(name))):
        check(meet(tmp_path, archive), refused(archive, (name, "path-control")))
    cut = file(name, b"kept") + END
    check(meet(tmp_path, cut), kept(cut, {b"evil.sh": b"kept"}))


def test_a_nameless_member_is_refused(tmp_path: Path) -> None:
    for archive in (file(b"") + END, pax({b"path": b""}) + file(b"x") + END, make_zip(Entry(b""))):
        check(meet(tmp_path, archive), refused(archive, ("", "path-empty")))


def test_a_file_named_as_a_folder_is_refused(tmp_path: Path) -> None:
    archive = file(b"a/", b"content") + END
    check(meet(tmp_path, archive), refused(archive, ("a/", "path-empty")))
    old = header(b"a/", b"\0", size=512) + bytes(512) + END
    check(meet(tmp_path, old), refused(old, ("a/", "tar-size")))


@pytest.mark.parametrize(("name", "flags"), ODD.values(), ids=ODD.keys())
def test_an_odd_name_is_kept_byte_for_byte_and_flagged(
    tmp_path: Path, name: bytes, flags: list[tuple[bytes, str]]
) -> None:
    for archive in dress(b"top/" + name).values():
        found = meet(tmp_path, archive)
        said(found)
        assert {item.rule for item in found.flagged} == {rule for _, rule in flags}
    for archive in (file(name, b"one") + file(b"beside") + END, make_zip(Entry(name, b"one"), Entry(b"beside"))):
        check(meet(tmp_path, archive), kept(archive, {name: b"one", b"beside": b""}, *flags))


@pytest.mark.parametrize("name", PLAIN.values(), ids=PLAIN.keys())
def test_a_frightening_name_is_only_a_name(tmp_path: Path, name: bytes) -> None:
    for archive in dress(name).values():
        check(meet(tmp_path, archive), kept(archive, {name: b"content\n"}))


# Only in a zip does a slash at the end make a folder whatever else is said; a folder has no content and no file's mode.
FILES_NAMED_AS_FOLDERS = {"zip": "unsupported-member", "dos zip": "zip-size"}


@pytest.mark.parametrize("form", ["pax", "gnu", "zip", "dos zip"])
def test_the_naughty_strings_are_each_kept_exactly_or_refused_by_name(
    vectors: Callable[[str], Path], tmp_path: Path, form: str
) -> None:
    strings = json.loads((vectors("names") / "blns.json").read_text(encoding="utf-8"))
    outcomes: Counter[str] = Counter()
    for string in strings:
        name = string.encode("utf-8", "surrogatepass")
        outcomes[one_naughty(tmp_path, name, dress(name)[form], FILES_NAMED_AS_FOLDERS.get(form))] += 1
    assert outcomes.total() == len(strings) == 515
    assert outcomes == Counter({"kept": 484, "refused": 31})


def one_naughty(folder: Path, name: bytes, archive: bytes, as_folder: str | None) -> str:
    found = meet(folder, archive)
    said(found)
    place = normal_path(name, folder=False)
    fatal = {finding.rule for finding in judge_path(place) if finding.fatal}
    if found.refused:
        assert {item.rule for item in found.refused} == ({as_folder} if as_folder and name.endswith(b"/") else fatal)
        return "refused"
    assert not fatal
    [entry] = parse_manifest(found.manifest)
    assert (unescape_path(found.prefix) + b"/" if found.prefix else b"") + entry.path == place
    return "kept"


def test_all_naughty_strings_together_are_one_tree_or_named_refusals(
    vectors: Callable[[str], Path], tmp_path: Path
) -> None:
    strings = json.loads((vectors("names") / "blns.json").read_text(encoding="utf-8"))
    names = sorted({string.encode("utf-8", "surrogatepass") for string in strings})
    sound = [
        name for name in names if not any(finding.fatal for finding in judge_path(normal_path(name, folder=False)))
    ]
    sound = [name for name in sound if not any(other.startswith(name + b"/") for other in sound)]
    for archive in (
        b"".join(pax({b"path": b"top/" + name}) + file(b"x", name) for name in sound) + END,
        make_zip(*(Entry(b"top/" + name, name) for name in sound)),
    ):
        found = meet(tmp_path, archive)
        assert found.refused == ()
        said(found)
        assert {entry.path for entry in parse_manifest(found.manifest)} == {
            normal_path(name, folder=False) for name in sound
        }
