"""Files that git itself reads: what its fsck refuses is refused with its reason; names that it lets through are judged by us."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hostile.cases import OUT, Case, check, each, kept, meet, refused
from tests.proofs.sources.tars import END, file
from tests.proofs.sources.zips import DEFLATE, Entry, make_zip

if TYPE_CHECKING:
    from pathlib import Path

MODULES = b'[submodule "lib"]\n\tpath = lib\n\turl = https://host.example/lib.git\n'
ATTRIBUTES = b"*.c text\n*.png binary\n"


def module(
    name: bytes = b"lib", path: bytes = b"lib", url: bytes = b"https://host.example/lib.git", more: bytes = b""
) -> bytes:
    return b'[submodule "%s"]\n\tpath = %s\n\turl = %s\n%s' % (name, path, url, more)


# By git's own message: the content, and whether fsck refuses it.
REFUSED_MODULES = {
    "CVE-2018-11235 a name that goes up": module(name=b"../../modules/evil"),
    "CVE-2018-11235 a name that is only up": module(name=b".."),
    "CVE-2018-11235 a name that goes up by backslash": module(name=b"a\\\\..\\\\..\\\\evil"),
    "CVE-2018-17456 an address that is an option": module(url=b"-u./" + OUT),
    "CVE-2018-17456 a path that is an option": module(path=b"-p"),
    "CVE-2019-19604 a command for updates": module(more=b"\tupdate = !touch " + OUT + b"\n"),
    "CVE-2020-5260 an address with a line feed": module(url=b"https://host.example%0ahost=evil/x"),
    "CVE-2020-11008 an address without a host": module(url=b"https:///x"),
    "CVE-2020-11008 an address that goes up to a line feed": module(url=b"./%0ahost=evil"),
}  # fmt: skip
KEPT_MODULES = {
    "modules": MODULES,
    "empty": b"",
    "no configuration": b"[submodule\n",
    "an address of a file": module(url=b"file:///etc"),
    "an address of a transport that runs commands": module(url=b"ext::sh -c touch% " + OUT),
    "CVE-2025-48384 a path with a carriage return": module(path=b'"lib\r"'),
    "a section of somebody else's": b"[core]\n\tfsmonitor = touch " + OUT + b"\n[alias]\n\tx = !sh\n",
}
PLACES = (
    b".gitmodules",
    b"deep/in/.gitmodules",
    b".GITMODULES",
    b"d/.gitmodules ",
    b"gitmod~1",
    b".git\xe2\x80\x8cmodules",
)

MODULES_OF_ALL = {
    f"{trick}, as {place!r}": refused(file(b"f") + file(place, text) + END, (place, "git-fsck"))
    for trick, text in REFUSED_MODULES.items()
    for place in (PLACES if trick == "CVE-2018-11235 a name that goes up" else PLACES[:2])
} | {
    trick: kept(file(b"f") + file(b".gitmodules", text) + file(b"deep/in/.gitmodules", text) + END, {b"f": b"", b".gitmodules": text, b"deep/in/.gitmodules": text})
    for trick, text in KEPT_MODULES.items()
}  # fmt: skip

ATTRIBUTE_FILES = {
    "CVE-2022-23521 a line of 2,048 bytes": refused(file(b"f") + file(b".gitattributes", b"a" * 2048 + b" text\n") + END, (b".gitattributes", "git-fsck")),
    "CVE-2022-23521 in a folder": refused(file(b"f") + file(b"d/.gitattributes", b"* " + b"a " * 2048) + END, (b"d/.gitattributes", "git-fsck")),
    "CVE-2022-23521 in a zip": refused(make_zip(Entry(b"f"), Entry(b"d/.GitAttributes", b"* " + b"a " * 2048, DEFLATE)), (b"d/.GitAttributes", "git-fsck")),
    "larger than we hand to git": refused(file(b"f") + file(b".gitattributes", b"*.c text\n" * 120_000) + END, (b".gitattributes", "git-file-large")),
    "attributes": kept(file(b"f") + file(b".gitattributes", ATTRIBUTES) + END, {b"f": b"", b".gitattributes": ATTRIBUTES}),
    "a filter that would run a command": kept(
        file(b"f") + file(b".gitattributes", b"* filter=evil diff=evil merge=evil\n") + END,
        {b"f": b"", b".gitattributes": b"* filter=evil diff=evil merge=evil\n"},
    ),
    "attributes that would change what is seen": kept(
        file(b"f", b"$Id$\r\n") + file(b".gitattributes", b"f ident text eol=lf export-ignore working-tree-encoding=UTF-16\n") + END,
        {b"f": b"$Id$\r\n", b".gitattributes": b"f ident text eol=lf export-ignore working-tree-encoding=UTF-16\n"},
    ),
    "the other files of git": kept(
        file(b"f") + file(b".gitignore", b"*\n") + file(b".mailmap", b"A <a> <b>\n") + file(b".gitconfig", b"[core]\n\tpager = sh\n") + END,
        {b"f": b"", b".gitignore": b"*\n", b".mailmap": b"A <a> <b>\n", b".gitconfig": b"[core]\n\tpager = sh\n"},
    ),
}  # fmt: skip

# Trees that git's fsck lets through, and we do not always.
LET_THROUGH = {
    "CVE-2025-48384 a carriage return at the end": refused(file(b"f") + file(b"x\r") + END, (b"x\r", "path-control")),
    "a line feed": refused(file(b"f") + file(b"x\ny") + END, (b"x\ny", "path-control")),
    "bytes that are no text": kept(file(b"f") + file(b"\xff\xfe") + END, {b"f": b"", b"\xff\xfe": b""}, (b"\xff\xfe", "name-utf8")),
    "a device of Windows": kept(file(b"f") + file(b"CON") + END, {b"f": b"", b"CON": b""}, (b"CON", "name-reserved")),
    "a backslash": kept(file(b"f") + file(b"a\\b") + END, {b"f": b"", b"a\\b": b""}, (b"a\\b", "name-backslash")),
    "an object's name": kept(file(b"f") + file(b"a" * 40) + END, {b"f": b"", b"a" * 40: b""}),
}  # fmt: skip

TABLES = {"modules": MODULES_OF_ALL, "attributes": ATTRIBUTE_FILES, "let through": LET_THROUGH}


@each({f"{table}: {name}": case for table, cases in TABLES.items() for name, case in cases.items()})
def test_a_file_that_git_reads(tmp_path: Path, case: Case) -> None:
    check(meet(tmp_path, case.archive), case)


@pytest.mark.parametrize("trick", REFUSED_MODULES)
def test_the_reason_is_gits_own(tmp_path: Path, trick: str) -> None:
    found = meet(tmp_path, file(b".gitmodules", REFUSED_MODULES[trick]) + file(b"f") + END)
    [refusal] = found.refused
    assert "gitmodules" in refusal.detail
