"""Zip files that two readers read differently, that lie about their size, or that hold what is no source."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.hostile.cases import OUT, Case, check, each, kept, meet, refused
from tests.proofs.sources.test_ziparchive import CHEATS as DISPUTES
from tests.proofs.sources.zips import (
    DEFLATE,
    DOS,
    Entry,
    central_header,
    deflate,
    described,
    end_record,
    local_header,
    make_zip,
)
from transparency.proofs.errors import UnusableInputError

if TYPE_CHECKING:
    from pathlib import Path

TEXT = b"text\n" * 20
A, B = Entry(b"a", TEXT, DEFLATE), Entry(b"b", b"second")
KEPT = {b"a": TEXT, b"b": b"second"}
WHOLE = make_zip(A, B)
CHEATS = {
    name: refused(archive, (member, rule))
    for name, (archive, member, rule) in DISPUTES.items()
    if name != "bytes before"  # no zip by its first bytes: below
}


def lie(side: str, **fields: int | bytes) -> bytes:
    """An innocent entry, and one of whose two headers one says something else."""
    return make_zip(A, Entry(b"b", b"second", **{side: fields}))  # type: ignore[arg-type]


def at(archive: bytes, place: int, data: bytes) -> bytes:
    """The same file with other bytes at this place, which is counted from the end when it is negative."""
    start = place % len(archive)
    return archive[:start] + data + archive[start + len(data) :]


def wide(*numbers: int) -> bytes:
    """A Zip64 extra field."""
    return struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers)


def directory_first(entry: Entry) -> bytes:
    """The directory stands before what it lists."""
    head = central_header(entry, 0)
    place = len(head)
    body = local_header(entry) + entry.data
    return central_header(entry, place) + body + end_record(1, len(head), 0)


def quoted_overlap() -> bytes:
    """Fifield 2019: the deflate data of the first entry quotes the header of the second, whose data both share."""
    kernel = Entry(b"k", b"a" * 10_000, DEFLATE)
    inner = local_header(kernel)
    quote = b"\x00" + struct.pack("<2H", len(inner), len(inner) ^ 0xFFFF)
    packed, content = quote + inner + kernel.data, inner + kernel.content
    outer = Entry(b"o", content, DEFLATE, packed=packed)
    head = local_header(outer)
    body = head + packed
    listed = central_header(outer, 0) + central_header(kernel, len(head) + len(quote))
    return body + listed + end_record(2, len(listed), len(body))


# What the directory says and the local header does not: each field, each side.
FIELDS = {
    f"another {field} in the {side} header": refused(lie(side, **{field: value}), (("c" if (side, field) == ("central", "name") else "b"), rule))
    for field, value, rules in (
        ("name", b"c", ("zip-local-differs", "zip-local-differs")),
        ("flags", 0x0800, ("zip-local-differs", "zip-local-differs")),
        ("method", DEFLATE, ("zip-local-differs", "zip-local-differs")),
        ("time", 1, ("zip-local-differs", "zip-local-differs")),
        ("date", 1, ("zip-local-differs", "zip-local-differs")),
        ("crc", 1, ("zip-local-differs", "zip-local-differs")),
        ("packed", 5, ("zip-local-differs", "zip-local-differs")),
        ("size", 5, ("zip-local-differs", "zip-local-differs")),
    )
    for side, rule in zip(("central", "local"), rules, strict=True)
}  # fmt: skip

PLACES = {
    "quoted overlap, a bomb of one kernel": refused(quoted_overlap(), ("k", "zip-overlap")),
    "CVE-2019-13232 full overlap": refused(make_zip(A, replace(A, name=b"c", local={"name": b"a"}), offsets=[0, 0]), ("c", "zip-overlap")),
    "an entry within another's content": refused(
        make_zip(Entry(b"a", local_header(B) + B.data), B, offsets=[0, 31]), ("b", "zip-overlap")
    ),
    "zeros between": kept(make_zip(A, replace(B, gap=bytes(64))), KEPT),
    "zeros before the directory": kept(make_zip(A, B, gap=bytes(64)), KEPT),
    "a hidden entry between": refused(make_zip(A, replace(B, gap=local_header(Entry(OUT)))), ("", "zip-gap")),
    "a hidden entry before the directory": refused(make_zip(A, B, gap=local_header(Entry(OUT))), ("", "zip-gap")),
    "a directory that leaves one out": refused(
        local_header(A) + A.data + local_header(B) + B.data + central_header(A, 0)
        + end_record(1, len(central_header(A, 0)), len(local_header(A) + A.data + local_header(B) + B.data)),
        ("", "zip-gap"),
    ),
    "one byte after": refused(WHOLE + b"\0", ("", "zip-end")),
    "another zip after": refused(WHOLE + make_zip(B), ("", "zip-directory")),
    "another zip after, as if it were one": refused(make_zip(B, before=WHOLE), ("", "zip-gap")),
    "a tar after": refused(WHOLE + bytes(1024), ("", "zip-end")),
    "an end record in the comment": refused(make_zip(A, B, comment=end_record(0, 0, 0)), ("", "zip-end")),
    "a directory in the comment": kept(make_zip(A, B, comment=central_header(Entry(OUT), 0)), KEPT),
    "a comment that commands a terminal": kept(make_zip(replace(A, comment=b"\x1b]0;owned\x07"), B), KEPT),
}  # fmt: skip

# The kind of a file is told by its first bytes: what does not begin as an archive is not received at all.
NO_ARCHIVES = {
    "a zip after zeros": make_zip(A, B, before=bytes(64)),
    "a zip after a program": make_zip(A, B, before=b"#!/bin/sh\n"),
    "a zip after a program of DOS": make_zip(A, B, before=b"MZ" + bytes(62)),
    "a zip whose directory comes first": directory_first(A),
    "a zip of several parts": b"PK\7\x08" + WHOLE,
}

ENDS = {
    "a directory said to be elsewhere": refused(at(WHOLE, -6, struct.pack("<L", 5)), ("", "zip-directory")),
    "a directory said to be longer": refused(at(WHOLE, -10, struct.pack("<L", 500)), ("", "zip-directory")),
    "fewer entries said": refused(at(WHOLE, -14, struct.pack("<2H", 1, 1)), ("", "zip-directory")),
    "more entries said": refused(at(WHOLE, -14, struct.pack("<2H", 3, 3)), ("", "zip-directory")),
    "as many entries as only Zip64 can say": refused(at(WHOLE, -14, b"\xff" * 4), ("", "zip-end")),
    "other entries on this disk": refused(at(WHOLE, -14, struct.pack("<2H", 1, 2)), ("", "zip-end")),
    "several disks": refused(at(WHOLE, -18, b"\1\0"), ("", "zip-end")),
    "a longer comment said": refused(at(WHOLE, -2, b"\1\0"), ("", "zip-end")),
    "no entries": refused(end_record(0, 0, 0), ("", "no-files")),
    "only a folder": refused(make_zip(Entry(b"d/", mode=0o040755)), ("", "no-files")),
    "cut in the end record": refused(WHOLE[:-1], ("", "zip-end")),
    "cut in the directory": refused(WHOLE[:-40], ("", "zip-end")),
    "cut in the content": refused(WHOLE[:40], ("", "zip-end")),
    "a damaged signature of an entry in the directory": refused(at(WHOLE, -22 - len(central_header(B, 0)), b"PK\1\1"), ("", "zip-directory")),
    "a damaged signature of a local header": refused(at(WHOLE, len(local_header(A) + A.data), b"PK\3\5"), ("b", "zip-header")),
}  # fmt: skip

ZIP64 = {
    "a full size without its field": refused(lie("central", size=0xFFFFFFFF), ("b", "zip-header")),
    "a full offset without its field": refused(lie("central", offset=0xFFFFFFFF), ("b", "zip-header")),
    "a field too short": refused(make_zip(A, Entry(b"b", b"second", central={"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF}, extra=wide(6))), ("b", "zip-header")),
    "a field cut short": refused(make_zip(A, replace(B, extra=wide(6)[:-1])), ("b", "zip-header")),
    "two fields": refused(make_zip(A, replace(B, extra=wide(6) + wide(7))), ("b", "zip-header")),
    "a huge size": refused(
        make_zip(A, Entry(b"b", b"second", central={"size": 0xFFFFFFFF}, extra=wide(1 << 63))), ("b", "zip-local-differs")
    ),
    "an offset beyond the end": refused(
        make_zip(A, Entry(b"b", b"second", central={"offset": 0xFFFFFFFF}, extra=wide(1 << 62))), ("", "zip-gap")
    ),
    "an offset of another header": refused(
        make_zip(A, Entry(b"b", b"second", central={"offset": 0xFFFFFFFF}, extra=wide(0))), ("b", "zip-overlap")
    ),
    "wide sizes that agree": kept(
        make_zip(
            A,
            Entry(
                b"b", b"second", extra=wide(6, 6), local_extra=wide(6, 6),
                central={"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF}, local={"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF},
            ),
        ),
        KEPT,
    ),
    "wide sizes that disagree": refused(
        make_zip(
            A,
            Entry(
                b"b", b"second", extra=wide(6, 6), local_extra=wide(9, 6),
                central={"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF}, local={"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF},
            ),
        ),
        ("b", "zip-local-differs"),
    ),
}  # fmt: skip

KINDS = {
    "a folder with content": refused(make_zip(A, Entry(b"d/", b"hidden", mode=0o040755)), ("d/", "zip-size")),
    "a folder with packed content": refused(make_zip(A, Entry(b"d/", b"", DEFLATE, mode=0o040755, packed=deflate(b"hidden"))), ("d/", "zip-size")),
    "a folder of DOS with content": refused(make_zip(A, Entry(b"d/", b"hidden", made_by=DOS)), ("d/", "zip-size")),
    "a folder named as a file": refused(make_zip(A, Entry(b"d", mode=0o040755)), ("d", "unsupported-member")),
    "a file named as a folder": refused(make_zip(A, Entry(b"d/", mode=0o100644)), ("d/", "unsupported-member")),
    "a character device": refused(make_zip(A, Entry(b"dev/zero", mode=0o020666)), ("dev/zero", "unsupported-member")),
    "a block device": refused(make_zip(A, Entry(b"dev/sda", mode=0o060660)), ("dev/sda", "unsupported-member")),
    "a pipe": refused(make_zip(A, Entry(b"pipe", mode=0o010644)), ("pipe", "unsupported-member")),
    "a socket": refused(make_zip(A, Entry(b"sock", mode=0o140644)), ("sock", "unsupported-member")),
    "a kind of nobody's": refused(make_zip(A, Entry(b"x", mode=0o170644)), ("x", "unsupported-member")),
    "set-user-id, set-group-id and sticky": kept(make_zip(A, replace(B, mode=0o107755)), KEPT),
    "no rights at all": kept(make_zip(A, replace(B, mode=0o100000)), KEPT),
    "no kind at all": kept(make_zip(A, replace(B, mode=0)), KEPT),
    "a device's mode that DOS cannot mean": kept(make_zip(A, replace(B, made_by=DOS, mode=0o020666)), KEPT),
    "a link that leads out": kept(make_zip(A, Entry(b"l", b"/etc/passwd", mode=0o120777)), {b"a": TEXT, b"l": b"/etc/passwd"}, (b"l", "symlink-outside")),
    "a packed link": kept(make_zip(A, Entry(b"l", b"a", DEFLATE, mode=0o120777)), {b"a": TEXT, b"l": b"a"}),
    "a link named as a folder": refused(make_zip(A, Entry(b"l/", b"a", mode=0o120777)), ("l/", "unsupported-member")),
    "a descriptor whose signature is content": kept(make_zip(A, described(B, signed=False)), KEPT),
    "two files of one name": refused(make_zip(A, replace(B, name=b"a")), ("a", "duplicate-path")),
    "a file and a folder of one name": refused(make_zip(A, Entry(b"a/b", b"x")), ("a", "file-and-folder")),
}  # fmt: skip

METHODS = {
    f"method {number}, {name}": refused(make_zip(A, Entry(b"m", b"x", number)), ("m", "zip-method"))
    for number, name in ((1, "shrunk"), (6, "imploded"), (9, "deflate64"), (12, "bzip2"), (14, "LZMA"), (93, "zstd"), (95, "xz"), (99, "AES"))
} | {
    "encrypted": refused(make_zip(A, Entry(b"m", b"x", flags=1)), ("m", "zip-encrypted")),
    "strongly encrypted": refused(make_zip(A, Entry(b"m", b"x", flags=0x41)), ("m", "zip-encrypted")),
    "a masked directory": refused(make_zip(A, Entry(b"m", b"x", flags=0x2000)), ("m", "zip-encrypted")),
    "a flag of nobody's": refused(make_zip(A, Entry(b"m", b"x", flags=0x4000)), ("m", "zip-header")),
}  # fmt: skip

TABLES = {"cheats": CHEATS, "fields": FIELDS, "places": PLACES, "ends": ENDS, "zip64": ZIP64, "kinds": KINDS, "methods": METHODS}  # fmt: skip


@each({f"{table}: {name}": case for table, cases in TABLES.items() for name, case in cases.items()})
def test_a_game_of_zips(tmp_path: Path, case: Case) -> None:
    check(meet(tmp_path, case.archive), case)


@pytest.mark.parametrize("archive", NO_ARCHIVES.values(), ids=NO_ARCHIVES.keys())
def test_what_begins_as_no_archive_is_none(tmp_path: Path, archive: bytes) -> None:
    with pytest.raises(UnusableInputError, match="archive-type-unknown"):
        meet(tmp_path, archive)
