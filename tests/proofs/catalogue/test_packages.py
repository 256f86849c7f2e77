"""What is read out of packages of build tools, and what is refused."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tests.proofs.catalogue.packages import make_deb, make_tar
from transparency.proofs.catalogue import packages
from transparency.proofs.catalogue.m4text import serial_of, without_comments
from transparency.proofs.catalogue.packages import read_package
from transparency.proofs.catalogue.reading import answer, ask_package, read_answer
from transparency.proofs.comparisons.fields import join_fields
from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from pathlib import Path

M4 = b"# host.m4 serial 3\ndnl Prose.\nAC_DEFUN([x])\n"


def test_a_deb_gives_its_name_version_and_the_files_that_are_copied(tmp_path: Path) -> None:
    files = {"usr/share/aclocal/host.m4": M4, "usr/share/x/install-sh": b"#!/bin/sh\n", "usr/bin/tool": b"no\n"}
    found = read_package(make_deb(tmp_path, files), file_name="tool_1.2-3_all.deb")
    assert {(each.package, each.version, each.name, each.serial) for each in found} == {
        ("tool", "1:1.2-3", "host.m4", "3"),
        ("tool", "1:1.2-3", "install-sh", ""),
    }
    host = next(each for each in found if each.name == "host.m4")
    assert (host.sha256, host.stripped) == (sha256(M4).hexdigest(), sha256(b"AC_DEFUN([x])\n").hexdigest())


@pytest.mark.parametrize("compression", ["gz", "bz2", "xz"])
def test_a_source_archive_is_called_by_its_file(compression: str) -> None:
    data = make_tar({"tool-1.2/lib/missing": b"x\n", "tool-1.2/configure": b"generated\n"}, compression)
    for name in (f"tool-1.2.tar.{compression}", f"tool_1.2.orig.tar.{compression}"):
        [found] = read_package(data, file_name=name)
        assert (found.package, found.version, found.path) == ("tool", "1.2", "tool-1.2/lib/missing")


def test_the_archive_of_many_versions_in_a_package_gives_each_its_own(tmp_path: Path) -> None:
    old = make_tar({"gettext-0.10.35/m4/po.m4": b"old\n", "gettext-0.22/m4/po.m4": b"new\n"})
    found = read_package(make_deb(tmp_path, {"usr/share/gettext/archive.dir.tar.xz": old}), file_name="x.deb")
    assert [(each.package, each.version) for each in found] == [("gettext", "0.10.35"), ("gettext", "0.22")]


def test_what_is_no_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = make_deb(tmp_path, {"usr/install-sh": b"x\n"})
    tar = make_tar({"t-1/missing": b"x\n"})
    for data, name, code in (
        (b"text", "a.txt", "catalogue-package"),
        (tar, "no-version.tar.xz", "catalogue-package"),
        (tar[:-30], "t-1.tar.xz", "catalogue-package"),
        (whole[:-30], "x.deb", "deb-malformed"),
        (whole.replace(b"data.tar.xz", b"nope.tar.xz"), "x.deb", "deb-malformed"),
        (whole + whole[8:], "x.deb", "deb-malformed"),
    ):
        with pytest.raises(EvidenceError, match=code):
            read_package(data, file_name=name)
    monkeypatch.setattr(packages, "MAX_CONTENT_BYTES", 1000)
    with pytest.raises(EvidenceError, match="catalogue-size"):
        read_package(tar, file_name="t-1.tar.xz")


def test_an_answer_is_read_strictly() -> None:
    tar = make_tar({"t-1/missing": b"x\n", "t-1/m4/a.m4": M4})
    assert [each.name for each in read_answer(answer(ask_package("t-1.tar.xz", tar)))] == ["missing", "a.m4"]
    with pytest.raises(EvidenceError, match="catalogue-package"):
        read_answer(answer(ask_package("nothing", b"text")))
    sound = [b"read", b"t", b"1", b"t-1/missing", b"0" * 64, b"", b""]
    assert len(read_answer(join_fields(sound))) == 1
    for place, false in ((1, b"a b"), (3, b"src/main.c"), (4, b"xyz"), (5, b"serial"), (6, b"1"), (0, b"other")):
        with pytest.raises(EvidenceError, match="answer-malformed"):
            read_answer(join_fields([*sound[:place], false, *sound[place + 1 :]]))


@pytest.mark.parametrize(
    "line",
    [b"# $(evil)\n", b"# `evil`\n", b"# define x\n", b"#define x y\n", b"#  ## include <x>\n", b"# ]) evil\n", b"# a; evil\n", b"# a \\\n",
     b"dnl x | sh\n", b"dnlx evil\n", b"evil # prose\n", b"# prose\revil\n", b"# a & evil\n"],
)  # fmt: skip
def test_only_plain_prose_counts_as_a_comment(line: bytes) -> None:
    assert without_comments(b"a\n" + line + b"b\n") == b"a\n" + line + b"b\n"


def test_the_first_serial_counts() -> None:
    assert serial_of(b"#serial 5\n# serial 6\n") == "5"
    assert serial_of(b"AC_SUBST([serial 5])\n") == ""
