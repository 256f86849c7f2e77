"""The catalogue of known files, and what it accounts for: the way the xz back door was hidden, re-made with a harmless text, is found."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command

from tests.proofs.catalogue.packages import make_deb, make_tar
from tests.services.test_compare_snapshots import compare, told
from transparency.comparisons import files_of, findings_of
from transparency.models import KnownFile
from transparency.services.fill_catalogue import fill_catalogue
from transparency.services.stored_files import Received

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cast import Cast

HOST = b"# build-to-host.m4 serial 3\ndnl Copyright (C) 2023 Somebody.\n\nAC_DEFUN([gl_BUILD_TO_HOST],\n[\n  AC_SUBST([x])\n])\n"
TOOLS = {
    "usr/share/aclocal/build-to-host.m4": HOST,
    "usr/share/misc/config.guess": b"#! /bin/sh\necho guess\n",
    "usr/share/libtool/ltmain.sh": b"#! /bin/sh\necho link\n",
    "usr/share/automake/INSTALL": b"How to install.\n",
    "usr/share/automake/install-sh": b"#! /bin/sh\necho install\n",
}
WRITTEN = {
    "configure.ac": b"AC_INIT\n",
    "main.c": b"int main(void) { return 0; }\n",
    "tests/good.xz": b"\xfd7zXZ\0good",
}
# What an honest release adds to what was written: copies of tools' files.
CLEAN = WRITTEN | {
    "m4/build-to-host.m4": HOST,
    "build-aux/config.guess": TOOLS["usr/share/misc/config.guess"],
    "build-aux/ltmain.sh": TOOLS["usr/share/libtool/ltmain.sh"],
    "build-aux/install-sh": TOOLS["usr/share/automake/install-sh"],
}


@pytest.fixture
def catalogue(centre: object, tmp_path: Path) -> None:
    assert centre
    fill_catalogue(package=Received("tools.deb", io.BytesIO(make_deb(tmp_path, TOOLS))))


@pytest.mark.usefixtures("catalogue")
def test_a_clean_release_ends_with_nothing_unexplained(cast: Cast) -> None:
    row = compare(cast, WRITTEN, CLEAN)
    assert findings_of(row).unexplained == 0
    assert set(told(row).values()) == {"known-good"}
    assert {file.known.same_as for file in files_of(row) if file.known} == {"tool 1:1.2-3"}


def test_without_the_catalogue_the_same_release_is_unverified_and_filling_it_explains_it(
    cast: Cast, tmp_path: Path
) -> None:
    row = compare(cast, WRITTEN, CLEAN)
    assert set(told(row).values()) == {"generated-unverified"}
    fill_catalogue(package=Received("tools.deb", io.BytesIO(make_deb(tmp_path, TOOLS))))
    assert set(told(row).values()) == {"known-good"}


# Each is put into the clean release alone: what becomes of it, and which file has to be the first that nothing explains.
INJECTIONS: dict[str, tuple[dict[str, bytes], str, str]] = {
    "m4 with a bumped serial": (
        {"m4/build-to-host.m4": HOST.replace(b"serial 3", b"serial 30").replace(b"AC_SUBST([x])", b"echo inert")},
        "m4/build-to-host.m4",
        "unlike-known",
    ),
    "m4 with its serial": (
        {"m4/build-to-host.m4": HOST.replace(b"AC_SUBST([x])", b"echo inert")}, "m4/build-to-host.m4", "unlike-known",
    ),
    "m4 whose serial alone is bumped": (
        {"m4/build-to-host.m4": HOST.replace(b"serial 3", b"serial 30")}, "m4/build-to-host.m4", "unlike-known",
    ),
    "m4 with code that looks like a comment": (
        {"m4/build-to-host.m4": HOST + b"# `echo inert`\n"}, "m4/build-to-host.m4", "unlike-known",
    ),
    "doctored ltmain.sh": ({"build-aux/ltmain.sh": b"#! /bin/sh\necho inert\n"}, "build-aux/ltmain.sh", "unlike-known"),
    "a known file under the name of another": (
        {"build-aux/config.guess": TOOLS["usr/share/automake/install-sh"]}, "build-aux/config.guess", "unlike-known",
    ),
    "doctored configure": ({"configure": b"#! /bin/sh\necho inert\n"}, "configure", "generated-unverified"),
    "extra test blob": ({"tests/bad-3.xz": b"\xfd7zXZ\0inert"}, "tests/bad-3.xz", "only-in-second"),
    "changed blob": ({"tests/good.xz": b"\xfd7zXZ\0inert"}, "tests/good.xz", "content-differs"),
    "changed source": ({"main.c": b"int main(void) { return 1; }\n"}, "main.c", "content-differs"),
}  # fmt: skip


@pytest.mark.usefixtures("catalogue")
def test_each_injection_is_the_first_that_nothing_explains(cast: Cast) -> None:
    for number, (change, path, kind) in enumerate(INJECTIONS.values()):
        row = compare(cast, WRITTEN, CLEAN | change, version=f"1.{number}")
        first, *rest = [file for file in files_of(row) if not file.found.is_explained]
        assert (first.second_path, first.found.kind.value, rest) == (path, kind, []), path


@pytest.mark.usefixtures("catalogue")
def test_a_dropped_file_is_found_and_a_stamp_is_explained(cast: Cast) -> None:
    dropped = compare(cast, WRITTEN, {path: content for path, content in CLEAN.items() if path != "main.c"})
    assert [file.first_path for file in files_of(dropped) if not file.found.is_explained] == ["main.c"]
    stamp = compare(cast, WRITTEN | {"s.c": b"/* $Id$ */\n"}, CLEAN | {"s.c": b"/* $Id: s.c 3 $ */\n"}, version="2.0")
    assert findings_of(stamp).unexplained == 0


@pytest.mark.usefixtures("catalogue")
def test_the_whole_xz_case_comes_before_everything_else(cast: Cast) -> None:
    changes: dict[str, bytes] = {}
    for name in ("m4 with a bumped serial", "doctored configure", "extra test blob"):
        changes |= INJECTIONS[name][0]
    row = compare(cast, WRITTEN, CLEAN | changes)
    found = [(file.second_path, file.found.kind.value) for file in files_of(row) if not file.found.is_explained]
    assert found == [
        ("m4/build-to-host.m4", "unlike-known"),
        ("tests/bad-3.xz", "only-in-second"),
        ("configure", "generated-unverified"),
    ]
    known = next(files_of(row)).known
    assert known is not None
    assert (known.serial, known.serials, known.same_as) == ("30", ("3",), "")


@pytest.mark.usefixtures("catalogue")
def test_other_words_in_a_comment_make_no_other_file(cast: Cast) -> None:
    row = compare(
        cast, WRITTEN, WRITTEN | {"m4/build-to-host.m4": HOST.replace(b"2023 Somebody", b"2024 Somebody else")}
    )
    [file] = files_of(row)
    assert file.known is not None
    assert (file.found.kind.value, file.known.but_comments) == ("known-good", True)


@pytest.mark.usefixtures("catalogue")
def test_a_projects_own_install_notes_are_nothing_odd_and_copied_ones_are_known(cast: Cast) -> None:
    row = compare(
        cast, WRITTEN, WRITTEN | {"INSTALL": b"Our own.\n", "lib/INSTALL": TOOLS["usr/share/automake/INSTALL"]}
    )
    assert told(row) == {"INSTALL": "generated-unverified", "lib/INSTALL": "known-good"}


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command("fill_catalogue", *arguments, "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as ended:
        return int(ended.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def test_the_command_reads_folders_names_what_it_cannot_read_and_enters_nothing_twice(
    centre: object, tmp_path: Path
) -> None:
    assert centre
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / "tool-1.2.tar.gz").write_bytes(make_tar({"tool-1.2/missing": b"x\n"}, "gz"))
    (folder / "notes.txt").write_text("no package")
    code, answer = run(str(folder))
    assert (code, answer["new"], [each["packages"] for each in answer["read"]]) == (0, 1, [["tool 1.2"]])
    (folder / "broken.deb").write_bytes(b"!<arch>\nbroken")
    code, answer = run(str(folder))
    assert (code, answer["new"], answer["refused"]) == (1, 0, [{"file": "broken.deb", "code": "deb-malformed"}])
    assert KnownFile.objects.count() == 1
    assert run(str(folder / "nothing"))[0] == 2
