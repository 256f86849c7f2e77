"""Links that lead out, that files go through, or that stand where a file should: text that nobody follows, or a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hostile.cases import OUT, Case, check, each, kept, meet, refused
from tests.proofs.sources.tars import END, file, folder, hardlink, pax, symlink
from tests.proofs.sources.zips import DOS, Entry, make_zip

if TYPE_CHECKING:
    from pathlib import Path

NFC, NFD = "d\u00e9".encode(), "de\u0301".encode()


def tar(*members: bytes) -> bytes:
    return b"".join(members) + END


def link(name: bytes, target: bytes) -> Entry:
    return Entry(name, target, mode=0o120777)


def both(name: bytes, target: bytes, *findings: tuple[bytes | str, str]) -> dict[str, Case]:
    """A lone symbolic link beside a file, in a tar, with a PAX target, and in a zip: kept as its text."""
    beside = {name: target, b"f": b""}
    return {
        "tar": kept(tar(symlink(name, target), file(b"f")), beside, *findings),
        "pax": kept(tar(pax({b"linkpath": target}) + symlink(name, b"shown"), file(b"f")), beside, *findings),
        "zip": kept(make_zip(link(name, target), Entry(b"f")), beside, *findings),
    }


TEXTS = {
    "to the root's file": (b"l", b"/etc/passwd", (b"l", "symlink-outside")),
    "up and out": (b"d/l", b"../../" + OUT, (b"d/l", "symlink-outside")),
    "down, then up and out": (b"l", b"a/b/../../../" + OUT, (b"l", "symlink-outside")),
    "out and back in": (b"l", b"../x/f", (b"l", "symlink-outside")),
    "to the folder above": (b"l", b"..", (b"l", "symlink-outside")),
    "to itself": (b"l", b"l"),
    "to what is not there": (b"l", b"nowhere"),
    "to its own folder": (b"l", b"."),
    "into a device of this process": (b"l", b"/proc/self/fd/0", (b"l", "symlink-outside")),
    "with a backslash": (b"l", b"..\\" + OUT),
    "with a terminal's command": (b"l", b"\x1b]0;owned\x07"),
    "with a line feed": (b"l", b"../" + OUT + b"\nx", (b"l", "symlink-outside")),
    "with markup": (b"l", b"</a><script>alert(1)</script>"),
    "that is no text": (b"l", b"\xff\xfe"),
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_link_is_kept_as_its_text(tmp_path: Path, text: tuple[bytes, bytes, tuple[bytes, str]]) -> None:
    name, target, *flags = text
    for case in both(name, target, *flags).values():
        check(meet(tmp_path, case.archive), case)


GAMES = {
    "CVE-2021-32803 a file through a link": refused(tar(symlink(b"d", b"/tmp"), file(b"d/" + OUT)), (b"d", "file-and-folder")),
    "a file through a link, in a zip": refused(make_zip(link(b"d", b"/tmp"), Entry(b"d/" + OUT)), (b"d", "file-and-folder")),
    "a file through a link that comes later": refused(tar(file(b"d/" + OUT), symlink(b"d", b"/tmp")), (b"d", "file-and-folder")),
    "a folder, then a link of its name": refused(tar(folder(b"d/"), symlink(b"d", b"/tmp"), file(b"f")), (b"d", "file-and-folder")),
    "a link, then a folder of its name": refused(tar(symlink(b"d", b"/tmp"), folder(b"d/"), file(b"f")), (b"d", "file-and-folder")),
    "a link, then a file of its name": refused(tar(symlink(b"f", b"/tmp/" + OUT), file(b"f", b"x")), (b"f", "duplicate-path")),
    "a link, then a file of its name, in a zip": refused(make_zip(link(b"f", b"/tmp/" + OUT), Entry(b"f", b"x")), (b"f", "duplicate-path")),
    "a link, then a file of its name with a dot": refused(tar(symlink(b"f", b"/tmp/" + OUT), file(b"./f", b"x")), (b"f", "duplicate-path")),
    "a link, then another of its name": refused(tar(symlink(b"l", b"a"), symlink(b"l", b"/tmp")), (b"l", "duplicate-path")),
    "a link through a link": refused(tar(symlink(b"a", b"."), symlink(b"a/b", b".."), file(b"f")), (b"a", "file-and-folder")),
    "CVE-2021-37701 a file through a link of another case": kept(
        tar(symlink(b"D", b"/tmp"), file(b"d/" + OUT, b"x")),
        {b"D": b"/tmp", b"d/" + OUT: b"x"},
        (b"D", "symlink-outside"), (b"D", "name-collision"), (b"d", "name-collision"),
    ),
    "CVE-2021-37712 a file through a link of another normal form": kept(
        tar(symlink(NFC, b"/tmp"), file(NFD + b"/" + OUT, b"x")),
        {NFC: b"/tmp", NFD + b"/" + OUT: b"x"},
        (NFC, "symlink-outside"), (NFC, "name-collision"), (NFD, "name-collision"),
    ),
    "CVE-2021-37701 a folder named with a backslash, a link named with a slash": kept(
        tar(file(b"d\\x"), symlink(b"d/x", b"/tmp")),
        {b"d\\x": b"", b"d/x": b"/tmp"},
        (b"d/x", "symlink-outside"), (b"d\\x", "name-backslash"),
    ),
    "no target": refused(tar(symlink(b"l", b"")), (b"l", "symlink-target")),
    "no target, in a zip": refused(make_zip(link(b"l", b"")), (b"l", "symlink-target")),
    "a target with a zero byte": refused(tar(pax({b"linkpath": b"a\0b"}) + symlink(b"l", b"x")), (b"l", "symlink-target")),
    "a target with a zero byte, in a zip": refused(make_zip(link(b"l", b"a\0b")), (b"l", "symlink-target")),
    "a target of 4,097 bytes": refused(tar(pax({b"linkpath": b"t" * 4097}) + symlink(b"l", b"x")), (b"l", "symlink-target")),
    "a target of 4,097 bytes, in a zip": refused(make_zip(link(b"l", b"t" * 4097)), (b"l", "zip-size")),
    "a link of an entry that was not made on Unix": kept(
        make_zip(Entry(b"l", b"/etc/passwd", made_by=DOS, mode=0o120777)), {b"l": b"/etc/passwd"}
    ),
    "CVE-2018-11235 a link as .gitmodules": refused(tar(symlink(b".gitmodules", b"f"), file(b"f")), (b".gitmodules", "path-git-symlink")),
    "a link as .gitattributes, in a zip": refused(make_zip(link(b"d/.GitAttributes", b"f"), Entry(b"f")), (b"d/.GitAttributes", "path-git-symlink")),
    "a link as .git": refused(tar(symlink(b".git", b"elsewhere"), file(b"f")), (b".git", "path-git")),
    "a hard link out": refused(tar(hardlink(b"l", b"/etc/passwd"), file(b"f")), (b"l", "hard-link-outside")),
    "a hard link up and out": refused(tar(hardlink(b"l", b"../../etc/passwd"), file(b"f")), (b"l", "hard-link-outside")),
    "a hard link to a link that leads out": refused(
        tar(symlink(b"s", b"/etc/passwd"), hardlink(b"l", b"s")), (b"l", "hard-link-outside")
    ),
    "a hard link through a link": refused(
        tar(symlink(b"s", b"/etc"), hardlink(b"l", b"s/passwd")), (b"l", "hard-link-outside")
    ),
    "a hard link to a folder": refused(tar(folder(b"d/"), hardlink(b"l", b"d"), file(b"f")), (b"l", "hard-link-outside")),
    "a hard link to what comes later": refused(tar(hardlink(b"l", b"f"), file(b"f")), (b"l", "hard-link-outside")),
    "a hard link to itself": refused(tar(hardlink(b"l", b"l"), file(b"f")), (b"l", "hard-link-outside")),
    "a hard link to a file that was refused": refused(
        tar(file(b"../" + OUT), hardlink(b"l", b"../" + OUT)), (b"../" + OUT, "path-dotdot"), (b"l", "hard-link-outside")
    ),
    "a hard link under a fatal name": refused(tar(file(b"f"), hardlink(b"../" + OUT, b"f")), (b"../" + OUT, "path-dotdot")),
    "a hard link over a file": refused(tar(file(b"f"), file(b"g"), hardlink(b"g", b"f")), (b"g", "duplicate-path")),
    "a hard link as .gitmodules": refused(
        tar(file(b"f", b"[submodule]"), hardlink(b".gitmodules", b"f")), (b".gitmodules", "path-git-hard-link")
    ),
    "a hard link inside is the earlier content": kept(
        tar(file(b"a/f", b"text"), hardlink(b"b/l", b"a/f")), {b"a/f": b"text", b"b/l": b"text"}
    ),
}  # fmt: skip


@each(GAMES)
def test_a_game_of_links(tmp_path: Path, case: Case) -> None:
    check(meet(tmp_path, case.archive), case)


def test_a_chain_of_links_longer_than_a_path_leads_nowhere(tmp_path: Path) -> None:
    """CVE-2025-4517, CVE-2025-4330, CVE-2025-4138: each step resolves to 250 bytes more, the last goes up and out."""
    long, members, place = b"d" * 247, [], b""
    for letter in b"abcdefghijklmnop":
        name = place + bytes([letter])
        members.append(pax({b"path": place + long + b"/"}) + folder(b"x/"))
        members.append(pax({b"path": name, b"linkpath": long}) + symlink(b"x", b"x"))
        place = name + b"/"
    found = meet(tmp_path, tar(*members))
    # Each step stands below a link, which is a file here.
    assert {item.rule for item in found.refused} == {"file-and-folder"}
    steps = b"/".join(bytes([letter]) for letter in b"abcdefghijklmnop")
    up = steps + b"/" + b"../" * 16 + OUT
    case = kept(tar(pax({b"linkpath": up}) + symlink(b"l", b"x"), file(b"f")), {b"l": up, b"f": b""})
    check(meet(tmp_path, case.archive), case)
    out = steps + b"/" + b"../" * 17 + OUT
    case = kept(
        tar(pax({b"linkpath": out}) + symlink(b"l", b"x"), file(b"f")),
        {b"l": out, b"f": b""},
        (b"l", "symlink-outside"),
    )
    check(meet(tmp_path, case.archive), case)
