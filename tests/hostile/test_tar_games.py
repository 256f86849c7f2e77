"""Tars that two readers read differently: what is disputed is refused, what is harmless is read as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hostile.cases import OUT, Case, check, each, kept, meet, refused, said
from tests.proofs.sources.tars import (
    END,
    GNU,
    OLD,
    POSIX,
    file,
    folder,
    gnu_long,
    hardlink,
    header,
    padded,
    pax,
    record,
    symlink,
)

if TYPE_CHECKING:
    from pathlib import Path

F = file(b"f", b"first")  # an innocent member, so that the type of the archive is beyond doubt
KEPT = {b"f": b"first"}
EVIL = file(b"evil", b"hidden")
NEGATIVE = b"\xff" * 12


def tar(*members: bytes, end: bytes = END) -> bytes:
    return b"".join((F, *members)) + end


def summed(block: bytes, *, signed: bool = False) -> bytes:
    """The block with the checksum that it should have, or the one that writers with signed bytes made."""
    total = sum(byte - 256 if signed and byte > 127 else byte for byte in block[:148] + block[156:]) + 8 * 0x20
    return block[:148] + b"%06o\0 " % total + block[156:]


def patched(block: bytes, place: int, data: bytes) -> bytes:
    return summed(block[:place] + data + block[place + len(data) :])


SIZES = {
    "CVE-2025-62518 a PAX size beside a header's zero": refused(
        tar(pax({b"size": b"1536"}) + header(b"inner.tar") + EVIL + bytes(512)), ("inner.tar", "tar-size")
    ),
    "CVE-2025-62518 a PAX size of zero beside a header's": refused(
        tar(pax({b"size": b"0"}) + header(b"inner.tar", size=1024) + EVIL), ("inner.tar", "tar-size")
    ),
    "CVE-2025-8194 a negative size": refused(tar(header(b"n", size_field=NEGATIVE)), ("", "tar-size")),
    "a negative size of one block back": refused(
        tar(header(b"n", size_field=(-512).to_bytes(12, "big", signed=True))), ("", "tar-size")
    ),
    "a size that wraps to zero in 64 bits": refused(
        tar(header(b"n", size_field=b"\x80" + (1 << 64).to_bytes(11, "big"))), ("", "tar-size")
    ),
    "a size that wraps with its padding": refused(
        tar(header(b"n", size_field=b"\x80" + ((1 << 64) - 511).to_bytes(11, "big"))), ("", "tar-size")
    ),
    "a size of 63 bits": refused(
        tar(header(b"n", size_field=b"\x80" + ((1 << 63) - 1).to_bytes(11, "big"))), ("", "tar-size")
    ),
    "a size beyond the limit of one file": refused(
        tar(header(b"n", size_field=b"\x80" + (1 << 40).to_bytes(11, "big"))), ("n", "limit-member")
    ),
    "a size in decimal words": refused(tar(header(b"n", size_field=b"9 bytes    \0")), ("", "tar-header")),
    "a signed octal size": refused(tar(header(b"n", size_field=b"-0000000001\0")), ("", "tar-header")),
    "a hexadecimal size": refused(tar(header(b"n", size_field=b"0x000000200\0")), ("", "tar-header")),
    "two sizes in one field": refused(tar(header(b"n", size_field=b"1000\0001000\0\0\0")), ("", "tar-header")),
    "no size at all": kept(tar(header(b"n", size_field=bytes(12))), {**KEPT, b"n": b""}),
    "a size beyond the end": refused(tar(header(b"n", size=1 << 20)), ("", "tar-truncated")),
    "a hard link with a size": refused(tar(header(b"h", b"1", target=b"f", size=1024) + EVIL), ("h", "tar-size")),
    "a symbolic link with a size": refused(tar(header(b"s", b"2", target=b"f", size=1024) + EVIL), ("s", "tar-size")),
    "a folder with a size": refused(tar(header(b"d/", b"5", size=1024) + EVIL), ("d/", "tar-size")),
    "an old folder with a size": refused(tar(header(b"d/", b"\0", size=1024, magic=OLD) + EVIL), ("d/", "tar-size")),
    "a PAX size of a folder": refused(tar(pax({b"size": b"1024"}) + folder(b"d/") + EVIL), ("d/", "tar-size")),
    "a PAX size in octal": refused(tar(pax({b"size": b"010"}) + header(b"n", size=8) + padded(b"8" * 8)), ("", "tar-size")),
    "a PAX size below zero": refused(tar(pax({b"size": b"-1"}) + header(b"n")), ("", "tar-size")),
    "a PAX size without digits": refused(tar(pax({b"size": b""}) + header(b"n")), ("", "tar-size")),
    "a PAX size for all members": refused(tar(pax({b"size": b"0"}, b"g") + EVIL), ("", "tar-meta")),
}  # fmt: skip

KINDS = {
    "CVE-2018-20482 a sparse file of GNU": refused(tar(header(b"s", b"S", magic=GNU)), ("s", "unsupported-member")),
    "CVE-2006-6097 a table of links of GNU": refused(tar(header(b"n", b"N", magic=GNU)), ("n", "unsupported-member")),
    "a folder's listing of GNU": refused(tar(header(b"d/", b"D", magic=GNU)), ("d/", "unsupported-member")),
    "another volume's rest": refused(tar(header(b"m", b"M", magic=GNU)), ("m", "unsupported-member")),
    "a volume's label": refused(tar(header(b"v", b"V", magic=GNU)), ("v", "unsupported-member")),
    "Solaris: access rights": refused(tar(header(b"a", b"A")), ("a", "unsupported-member")),
    "Solaris: its own extension": refused(tar(header(b"x", b"X")), ("x", "unsupported-member")),
    "a character device": refused(tar(header(b"dev/zero", b"3")), ("dev/zero", "unsupported-member")),
    "a block device": refused(tar(header(b"dev/sda", b"4")), ("dev/sda", "unsupported-member")),
    "a pipe": refused(tar(header(b"pipe", b"6")), ("pipe", "unsupported-member")),
    "a kind of nobody's": refused(tar(header(b"z", b"Z")), ("z", "unsupported-member")),
    "a kind that is no character": refused(tar(header(b"z", b"\xff")), ("z", "unsupported-member")),
    "sparse by PAX, version 0.0": refused(
        tar(pax({b"GNU.sparse.size": b"9", b"GNU.sparse.numblocks": b"0"}) + EVIL), ("", "unsupported-member")
    ),
    "sparse by PAX, version 0.1": refused(tar(pax({b"GNU.sparse.map": b"0,1"}) + EVIL), ("", "unsupported-member")),
    "sparse by PAX, version 1.0": refused(
        tar(pax({b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.name": b"/" + OUT}) + EVIL),
        ("", "unsupported-member"),
    ),
    "sparse by a PAX header for all": refused(tar(pax({b"GNU.sparse.major": b"1"}, b"g") + EVIL), ("", "unsupported-member")),
    "sparse by star": refused(tar(pax({b"SCHILY.realsize": b"999999999"}) + EVIL), ("", "unsupported-member")),
    "sparse by Solaris": refused(tar(pax({b"SUN.holesdata": b" 0 1"}) + EVIL), ("", "unsupported-member")),
}  # fmt: skip

EXTENSIONS = {
    "CVE-2019-20907 a PAX record of no length": refused(tar(pax(b"0 path=x\n") + EVIL), ("", "tar-meta")),
    "a PAX record longer than its header": refused(tar(pax(b"99 path=x\n") + EVIL), ("", "tar-meta")),
    "a PAX record with a leading zero": refused(tar(pax(b"010 path=x\n") + EVIL), ("", "tar-meta")),
    "a PAX record with a sign": refused(tar(pax(b"+10 path=x\n") + EVIL), ("", "tar-meta")),
    "a PAX record of a huge length": refused(tar(pax(b"99999999999999999999 path=x\n") + EVIL), ("", "tar-meta")),
    "CVE-2023-39804 a PAX record without a value": refused(tar(pax(b"17 SCHILY.xattr.\n") + EVIL), ("", "tar-meta")),
    "a PAX record without its end": refused(tar(pax(b"9 path=xy") + EVIL), ("", "tar-meta")),
    "zeros after PAX records": refused(tar(pax(record(b"path", b"x") + bytes(4)) + EVIL), ("", "tar-meta")),
    "a line feed in a value, as its length says": refused(
        tar(pax({b"comment": b"a\n13 path=evil", b"path": b"told"}) + EVIL, end=b"\1"), ("", "tar-end-missing")
    ),
    "two PAX paths": refused(tar(pax(record(b"path", b"a") + record(b"path", b"b")) + EVIL), ("", "tar-meta")),
    "two PAX headers": refused(tar(pax({b"path": b"a"}) + pax({b"path": b"b"}) + EVIL), ("", "tar-meta")),
    "a PAX path and another of GNU": refused(tar(pax({b"path": b"a"}) + gnu_long(b"b") + EVIL), ("", "tar-meta")),
    "a GNU name and another of PAX": refused(tar(gnu_long(b"b") + pax({b"path": b"a"}) + EVIL), ("", "tar-meta")),
    "two GNU names": refused(tar(gnu_long(b"a") + gnu_long(b"b") + EVIL), ("", "tar-meta")),
    "two GNU targets": refused(tar(gnu_long(b"a", b"K") + gnu_long(b"b", b"K") + symlink(b"s", b"x")), ("", "tar-meta")),
    "a path for all members": refused(tar(pax({b"path": b"../" + OUT}, b"g") + EVIL), ("", "tar-meta")),
    "a target for all members": refused(tar(pax({b"linkpath": b"/" + OUT}, b"g") + symlink(b"s", b"f")), ("", "tar-meta")),
    "a GNU name and no member": refused(tar(gnu_long(b"name")), ("", "tar-meta")),
    "a PAX header and no member": refused(tar(pax({b"path": b"name"})), ("", "tar-meta")),
    "a GNU name of two megabytes": refused(tar(gnu_long(b"n" * (2 << 20)) + EVIL), ("", "tar-meta")),
    "a PAX header of two megabytes": refused(tar(pax({b"comment": b"c" * (2 << 20)}) + EVIL), ("", "tar-meta")),
    "a GNU name that begins anew after a zero": refused(
        tar(gnu_long(b"good\0/../" + OUT) + EVIL), (b"good\0/../" + OUT, "path-dotdot"), (b"good\0/../" + OUT, "path-control")
    ),
    "a PAX path up and out under an innocent name": refused(
        tar(pax({b"path": b"../" + OUT}) + file(b"innocent")), (b"../" + OUT, "path-dotdot")
    ),
    "a PAX target out under an innocent one": kept(
        tar(pax({b"linkpath": b"/" + OUT}) + symlink(b"s", b"f")), {**KEPT, b"s": b"/" + OUT}, ("s", "symlink-outside")
    ),
    "a PAX hard link out under an innocent target": refused(
        tar(pax({b"linkpath": b"/etc/passwd"}) + hardlink(b"h", b"f")), ("h", "hard-link-outside")
    ),
    "a PAX name for the folder of the name": kept(tar(pax({b"path": b"evil/x"}) + file(b"x", prefix=b"shown")), {**KEPT, b"evil/x": b""}),
    "GNU and PAX agree": kept(tar(gnu_long(b"told") + pax({b"path": b"told"}) + EVIL), {**KEPT, b"told": b"hidden"}),
    "a PAX header that says it is binary": kept(
        tar(pax({b"hdrcharset": b"BINARY", b"path": b"\xff"}) + EVIL), {**KEPT, b"\xff": b"hidden"}, (b"\xff", "name-utf8")
    ),
    "a PAX header of rights and times": kept(
        tar(pax({b"SCHILY.xattr.security.capability": b"\1\0\0\2", b"mtime": b"1e9999", b"uid": b"-1", b"SCHILY.acl.access": b"user::rwx"}) + EVIL),
        {**KEPT, b"evil": b"hidden"},
    ),
    "keys that only begin like the dangerous ones": kept(
        tar(pax({b"path ": b"x", b"Path": b"y", b"GNU.sparsed": b"z", b"comment": b"path=q"}) + EVIL), {**KEPT, b"evil": b"hidden"}
    ),
}  # fmt: skip

HEADERS = {
    "a checksum of signed bytes": refused(
        tar(summed(header("é".encode() * 20), signed=True)), ("é".encode() * 20, "tar-checksum")
    ),
    "a checksum that is off by one": refused(tar(header(b"n", checksum=b"000001\0 ")), ("n", "tar-checksum")),
    "no checksum": refused(tar(header(b"n", checksum=bytes(8))), ("n", "tar-checksum")),
    "a magic of nobody's": refused(tar(header(b"n", magic=b"USTAR\x0000")), ("", "tar-header")),
    "no magic and a prefix": refused(tar(header(b"n", magic=OLD, prefix=b"../" + OUT)), ("", "tar-header")),
    "a prefix up and out": refused(tar(header(OUT, prefix=b"..")), (b"../" + OUT, "path-dotdot")),
    "a prefix from the root": refused(tar(header(OUT, prefix=b"/tmp")), (b"/tmp/" + OUT, "path-absolute")),
    "a prefix that ends in a slash": refused(tar(header(OUT, prefix=b"a/")), (b"a//" + OUT, "path-empty")),
    "a prefix without a name": refused(tar(header(b"", prefix=b"d")), (b"d/", "path-empty")),
    "an executable in no way of Unix": refused(tar(header(b"n", mode=b"rwxr-xr-")), ("n", "tar-header")),
    "CVE-2022-48303 a time of blanks": kept(tar(patched(header(b"n", magic=OLD), 136, b" " * 12)), {**KEPT, b"n": b""}),
    "a time below zero": kept(tar(patched(header(b"n"), 136, NEGATIVE)), {**KEPT, b"n": b""}),
    "owners that are no numbers": refused(tar(patched(header(b"n"), 108, b"root\0\0\0\0root\0\0\0\0")), ("n", "tar-header")),
    "an owner's name that commands a terminal": kept(tar(patched(header(b"n"), 265, b"\x1b]0;owned\x07")), {**KEPT, b"n": b""}),
    "set-user-id, set-group-id and sticky": kept(tar(header(b"n", mode=b"0007644\0")), {**KEPT, b"n": b""}),
    "a program's name goes on after its zero": kept(tar(header(b"n\0/../../" + OUT)), {**KEPT, b"n": b""}),
    "a device's numbers on a file": kept(tar(patched(header(b"n"), 329, b"0000001\0" * 2)), {**KEPT, b"n": b""}),
}  # fmt: skip

ENDS = {
    "a member after the end": refused(tar(end=END + EVIL), ("", "tar-trailing")),
    "a member after many zeros": refused(tar(end=bytes(1 << 20) + EVIL), ("", "tar-trailing")),
    "an archive after the archive": refused(tar(end=END + tar()), ("", "tar-trailing")),
    "one byte after the end": refused(tar(end=END + b"\1"), ("", "tar-trailing")),
    "a member after one block of zeros": refused(tar(end=bytes(512) + EVIL + END), ("", "tar-end-missing")),
    "a block of zeros between members": refused(tar(bytes(512), EVIL), ("", "tar-end-missing")),
    "one block of zeros": refused(tar(end=bytes(512)), ("", "tar-end-missing")),
    "no end": refused(tar(end=b""), ("", "tar-end-missing")),
    "half a header at the end": refused(tar(end=EVIL[:300]), ("", "tar-end-missing")),
    "content cut short": refused(tar(header(b"n", size=600), end=bytes(512)), ("", "tar-truncated")),
    "padding cut short": refused(tar(header(b"n", size=1), end=b"x" + bytes(100)), ("", "tar-truncated")),
    "a zip after the end": refused(tar(end=END + b"PK\5\6" + bytes(18)), ("", "tar-trailing")),
    "text where a header should be": refused(tar(b"#!/bin/sh\n".ljust(512, b"#")), ("", "tar-header")),
    "many zeros at the end": kept(tar(end=bytes(1 << 20)), KEPT),
    "an odd number of zeros at the end": kept(tar(end=END + bytes(7)), KEPT),
    "what hides in a file stays in the file": kept(
        tar(file(b"inner.tar", EVIL + END)), {**KEPT, b"inner.tar": EVIL + END}
    ),
    "what hides in padding is not read": kept(tar(header(b"n", size=1) + b"x" + b"\1" * 511), {**KEPT, b"n": b"x"}),
}  # fmt: skip


@each(SIZES)
def test_sizes_that_lie(tmp_path: Path, case: Case) -> None:
    check(meet(tmp_path, case.archive), case)


@each(KINDS)
def test_members_that_are_no_source(tmp_path: Path, case: Case) -> None:
    check(meet(tmp_path, case.archive), case)


@each(EXTENSIONS)
def test_extensions_that_lie(tmp_path: Path, case: Case) -> None:
    check(meet(tmp_path, case.archive), case)


@each(HEADERS)
def test_headers_that_lie(tmp_path: Path, case: Case) -> None:
    check(meet(tmp_path, case.archive), case)


@each(ENDS)
def test_ends_that_are_none(tmp_path: Path, case: Case) -> None:
    check(meet(tmp_path, case.archive), case)


@pytest.mark.parametrize("magic", [POSIX, GNU, OLD])
def test_a_tar_that_begins_with_a_hostile_member_is_a_tar_all_the_same(tmp_path: Path, magic: bytes) -> None:
    archive = header(b"../" + OUT, magic=magic) + END
    check(meet(tmp_path, archive), refused(archive, (b"../" + OUT, "path-dotdot")))


def test_every_refusal_of_one_archive_is_told_at_once(tmp_path: Path) -> None:
    names = [b"../" + OUT + b"%d" % number for number in range(60)]
    archive = tar(*(file(name) for name in names), header(b"dev", b"3"))
    found = meet(tmp_path, archive)
    said(found)
    assert [item.rule for item in found.refused] == ["path-dotdot"] * 60 + ["unsupported-member"]
