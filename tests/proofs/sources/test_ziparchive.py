"""Zip files as tools make them, and every way in which the two headers of an entry may dispute."""

from __future__ import annotations

import io
import struct
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.proofs.sources.tars import flags, rules
from tests.proofs.sources.zips import (
    DEFLATE,
    DOS,
    Bytes,
    Entry,
    central_header,
    deflate,
    described,
    end_record,
    local_header,
    make_zip,
    take_zip,
)
from transparency.proofs.manifest import parse_manifest
from transparency.proofs.sources.membersource import Limits
from transparency.proofs.sources.ziparchive import ZipReader

if TYPE_CHECKING:
    from pathlib import Path

TEXT = b"hello\nworld\n" * 40
A = Entry(b"p/a", TEXT, DEFLATE)


def modes(data: bytes) -> dict[str, str]:
    found = take_zip(data)
    assert rules(found) == []
    return {entry.path.decode(): entry.mode for entry in parse_manifest(found.manifest)}


def test_members_of_every_kind() -> None:
    data = make_zip(
        Entry(b"p/", mode=0o040755),
        A,
        Entry(b"p/run", b"#!/bin/sh\n", mode=0o100755),
        Entry(b"p/link", b"a", mode=0o120777),
        Entry(b"p/dos.txt", b"dos\r\n", made_by=DOS, mode=0),
        Entry(b"p/empty/", made_by=DOS, mode=0),
        Entry(b"p/nothing"),
        comment=b"a comment",
    )
    assert modes(data) == {"a": "100644", "run": "100755", "link": "120000", "dos.txt": "100644", "nothing": "100644"}


@pytest.mark.parametrize("streamed", [False, True])
def test_what_pythons_writer_makes_is_read(streamed: bool) -> None:
    class Pipe(io.BytesIO):
        """Cannot seek: sizes come after the data."""

        def seekable(self) -> bool:
            return False

        def seek(self, *_: object) -> int:
            raise OSError

        def tell(self) -> int:
            raise OSError

    out = Pipe() if streamed else io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p/a.txt", TEXT)
        archive.writestr("p/\u00e9.txt", b"utf-8 name")
        archive.writestr(zipfile.ZipInfo("p/stored"), b"x" * 100)
    found = take_zip(out.getvalue())
    assert (rules(found), found.files, found.prefix) == ([], 3, "p")


def test_what_info_zip_and_git_make_is_read_and_agrees_with_the_tar(tmp_path: Path) -> None:
    subprocess.run(
        ["bash", "-c", "mkdir p && cd p && seq 9999 > n && ln -s n l && mkdir d && echo x > d/y && chmod 755 d/y"],
        cwd=tmp_path,
        check=True,
    )
    subprocess.run(["zip", "-q", "-r", "--symlinks", "a.zip", "p"], cwd=tmp_path, check=True)
    git = "git init -q . && git add . && git -c user.name=n -c user.email=e@e.test commit -q -m m && git archive --prefix=p/ -o ../g.zip HEAD && git rev-parse HEAD:"
    tree = (
        subprocess.run(["bash", "-c", git], cwd=tmp_path / "p", check=True, capture_output=True).stdout.decode().strip()
    )
    for name in ("a.zip", "g.zip"):
        found = take_zip((tmp_path / name).read_bytes())
        assert (rules(found), found.git_tree) == ([], tree)


def test_zip64_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("p/a", "p/b"):
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(b"z" * 500)
    found = take_zip(out.getvalue())
    assert (rules(found), found.files, found.bytes) == ([], 2, 1000)


@pytest.mark.parametrize("signed", [True, False])
def test_data_descriptors_with_and_without_signature(signed: bool) -> None:
    assert modes(make_zip(described(A, signed=signed), described(Entry(b"p/b", b"b"), signed=signed))) == {
        "a": "100644",
        "b": "100644",
    }


def test_large_members_come_in_pieces() -> None:
    content = bytes(range(256)) * 40_000
    found = take_zip(make_zip(Entry(b"big", content, DEFLATE), Entry(b"raw", content)))
    assert (rules(found), found.bytes) == ([], 2 * len(content))


CHEATS = {
    "central name differs": (make_zip(Entry(b"p/a", TEXT, central={"name": b"p/b"})), "p/b", "zip-local-differs"),
    "local name differs": (make_zip(Entry(b"p/a", TEXT, local={"name": b"../a"})), "p/a", "zip-local-differs"),
    "local size differs": (make_zip(Entry(b"p/a", TEXT, local={"size": 1})), "p/a", "zip-local-differs"),
    "local packed size differs": (make_zip(Entry(b"p/a", TEXT, local={"packed": 1})), "p/a", "zip-local-differs"),
    "local method differs": (make_zip(Entry(b"p/a", TEXT, local={"method": 8})), "p/a", "zip-local-differs"),
    "local crc differs": (make_zip(Entry(b"p/a", TEXT, local={"crc": 1})), "p/a", "zip-local-differs"),
    "local flags differ": (make_zip(Entry(b"p/a", TEXT, local={"flags": 0x800})), "p/a", "zip-local-differs"),
    "local time differs": (make_zip(Entry(b"p/a", TEXT, local={"time": 7})), "p/a", "zip-local-differs"),
    "zero sizes without a descriptor": (make_zip(Entry(b"p/a", TEXT, local={"size": 0, "packed": 0, "crc": 0})), "p/a", "zip-local-differs"),
    "descriptor differs": (
        make_zip(Entry(b"p/a", TEXT, flags=8, local={"crc": 0, "packed": 0, "size": 0}, descriptor=b"PK\7\x08" + bytes(12))),
        "p/a",
        "zip-local-differs",
    ),
    "encrypted": (make_zip(Entry(b"p/a", TEXT, flags=1)), "p/a", "zip-encrypted"),
    "strongly encrypted": (make_zip(Entry(b"p/a", TEXT, flags=0x40)), "p/a", "zip-encrypted"),
    "masked headers": (make_zip(Entry(b"p/a", TEXT, flags=0x2000)), "p/a", "zip-encrypted"),
    "patched data": (make_zip(Entry(b"p/a", TEXT, flags=0x20)), "p/a", "zip-header"),
    "bzip2": (make_zip(Entry(b"p/a", TEXT, 12)), "p/a", "zip-method"),
    "deflate64": (make_zip(Entry(b"p/a", TEXT, 9)), "p/a", "zip-method"),
    "an entry on another disk": (make_zip(Entry(b"p/a", TEXT, disk=1)), "p/a", "zip-header"),
    "bytes before": (make_zip(A, before=b"#!/bin/sh\n"), "", "zip-gap"),
    "bytes between": (make_zip(A, Entry(b"p/b", gap=b"evil")), "", "zip-gap"),
    "bytes before the directory": (make_zip(A, gap=b"evil"), "", "zip-gap"),
    "a hidden local entry": (make_zip(A, gap=local_header(Entry(b"p/hidden", b"x")) + b"x"), "", "zip-gap"),
    "stored sizes differ": (make_zip(Entry(b"p/a", TEXT, packed=TEXT + b"x")), "p/a", "zip-size"),
    "a wrong crc": (make_zip(Entry(b"p/a", TEXT, central={"crc": 1}, local={"crc": 1})), "p/a", "zip-crc"),
    "more than stated comes out": (make_zip(Entry(b"p/a", b"x", DEFLATE, packed=deflate(TEXT))), "p/a", "zip-size"),
    "less than stated comes out": (make_zip(Entry(b"p/a", TEXT, DEFLATE, packed=deflate(b"x"))), "p/a", "zip-size"),
    "no deflate data": (make_zip(Entry(b"p/a", TEXT, DEFLATE, packed=b"\xff\xff\xff")), "p/a", "zip-deflate"),
    "deflate data cut short": (make_zip(Entry(b"p/a", TEXT, DEFLATE, packed=deflate(TEXT)[:-3])), "p/a", "zip-deflate"),
    "bytes after the deflate data": (make_zip(Entry(b"p/a", TEXT, DEFLATE, packed=deflate(TEXT) + b"evil")), "p/a", "zip-deflate"),
    "a device": (make_zip(Entry(b"p/dev", mode=0o020644)), "p/dev", "unsupported-member"),
    "a fifo": (make_zip(Entry(b"p/fifo", mode=0o010644)), "p/fifo", "unsupported-member"),
    "a socket": (make_zip(Entry(b"p/sock", mode=0o140644)), "p/sock", "unsupported-member"),
    "a file named as a folder": (make_zip(Entry(b"p/a/", mode=0o100644)), "p/a/", "unsupported-member"),
    "a folder named as a file": (make_zip(Entry(b"p/a", mode=0o040755)), "p/a", "unsupported-member"),
    "a folder with content": (make_zip(Entry(b"p/a/", b"evil", mode=0o040755)), "p/a/", "zip-size"),
    "a link with a long target": (make_zip(Entry(b"p/l", b"a" * 5000, mode=0o120777)), "p/l", "zip-size"),
    "another unicode path": (make_zip(Entry(b"p/a", extra=struct.pack("<2HBL", 0x7075, 9, 1, 0) + b"evil")), "p/a", "zip-header"),
    "another unicode path in the local header": (
        make_zip(Entry(b"p/a", local_extra=struct.pack("<2HBL", 0x7075, 9, 1, 0) + b"evil")), "p/a", "zip-header",
    ),
    "a torn extra field": (make_zip(Entry(b"p/a", extra=b"\x01\x00\xff\x00")), "p/a", "zip-header"),
    "two zip64 fields": (make_zip(Entry(b"p/a", extra=struct.pack("<2HQ", 1, 8, 0) * 2)), "p/a", "zip-header"),
    "full sizes without zip64": (make_zip(Entry(b"p/a", central={"size": 0xFFFFFFFF})), "p/a", "zip-header"),
    "no such local header": (make_zip(A, offsets=[3]), "", "zip-gap"),
    "an offset beyond the file": (make_zip(A, offsets=[1 << 31]), "", "zip-gap"),
    "two directories' entries for one local": (make_zip(A, A, offsets=[0, 0]), "p/a", "zip-overlap"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CHEATS))
def test_a_cheat_is_refused_by_its_rule_and_named(name: str) -> None:
    data, member, rule = CHEATS[name]
    assert rules(take_zip(data)) == [(member, rule)]


def test_quoted_overlap_a_bomb_of_one_kernel_is_refused() -> None:
    """Fifield 2019: each entry's deflate data quotes the next entry's local header."""
    kernel = Entry(b"k", b"a" * 10_000, DEFLATE)
    inner = local_header(kernel) + kernel.data
    quote = b"\x00" + struct.pack("<2H", len(inner), len(inner) ^ 0xFFFF)
    outer = Entry(b"o", b"", DEFLATE, packed=quote + inner)
    first = local_header(outer)
    body = first + outer.data
    directory = central_header(outer, 0) + central_header(kernel, len(first) + len(quote))
    found = take_zip(body + directory + end_record(2, len(directory), len(body)))
    assert {rule for _, rule in rules(found)} <= {"zip-overlap", "zip-size", "zip-deflate"}
    assert found.refused


def test_full_overlap_is_refused_before_anything_of_it_comes_out_twice() -> None:
    entries = [Entry(b"%d" % number, TEXT, DEFLATE, local={"name": b"0"}) for number in range(50)]
    found = take_zip(make_zip(*entries[:1], *entries[1:], offsets=[0] * 50))
    assert rules(found) == [("1", "zip-overlap")]


class TestEndRecords:
    def test_a_second_end_record_in_the_comment_is_refused(self) -> None:
        good = make_zip(A)
        evil = end_record(0, 0, 0)
        assert rules(take_zip(good[:-2] + struct.pack("<H", len(evil)) + evil)) == [("", "zip-end")]

    def test_bytes_after_the_end_are_refused(self) -> None:
        assert rules(take_zip(make_zip(A) + b"\0")) == [("", "zip-end")]

    def test_a_directory_elsewhere_is_refused(self) -> None:
        good = bytearray(make_zip(A))
        good[-6:-2] = struct.pack("<L", 5)
        assert rules(take_zip(bytes(good))) == [("", "zip-directory")]

    @pytest.mark.parametrize("count", [0, 2, 65_535])
    def test_another_count_is_refused(self, count: int) -> None:
        good = bytearray(make_zip(A))
        good[-14:-10] = struct.pack("<2H", count, count)
        [(_, rule)] = rules(take_zip(bytes(good)))
        assert rule in {"zip-directory", "zip-end"}

    def test_several_disks_are_refused(self) -> None:
        good = bytearray(make_zip(A))
        good[-18:-16] = b"\1\0"
        assert rules(take_zip(bytes(good))) == [("", "zip-end")]

    def test_an_empty_archive_has_no_files(self) -> None:
        assert rules(take_zip(end_record(0, 0, 0))) == [("", "no-files")]

    @pytest.mark.parametrize("size", [0, 3, 21])
    def test_a_torn_file_is_refused(self, size: int) -> None:
        assert rules(take_zip(make_zip(A)[:size])) == [("", "zip-end")]

    def test_a_zip64_record_that_disagrees_is_refused(self) -> None:
        good = make_zip(A)
        end = len(good) - 22
        record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, 7, 7)
        locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
        assert rules(take_zip(good[:end] + record + locator + good[end:])) == [("", "zip-end")]


def test_more_members_than_the_limit_are_refused_before_any_is_read() -> None:
    found = take_zip(make_zip(*(Entry(b"%d" % number) for number in range(20))), Limits(members=10))
    assert rules(found) == [("", "limit-members")]


def test_a_bomb_of_zeros_is_stopped_by_its_ratio() -> None:
    content = bytes(8 * 1024 * 1024 - 1)
    entries = [Entry(b"%d" % number, content, DEFLATE) for number in range(6)]
    found = take_zip(make_zip(*entries), Limits(ratio_from=16 * 1024 * 1024))
    assert [rule for _, rule in rules(found)] == ["limit-ratio"]


def test_names_are_the_stored_bytes_whatever_the_flag_says() -> None:
    found = take_zip(
        make_zip(Entry(b"p/\xe9", b"1", flags=0x800), Entry("p/\u00e9".encode(), b"2"), Entry(b"p/back\\slash", b"3"))
    )
    assert rules(found) == []
    assert {entry.path for entry in parse_manifest(found.manifest)} == {b"\xe9", "\u00e9".encode(), b"back\\slash"}
    assert ("%E9", "name-utf8") in flags(found)
    assert ("back%5Cslash", "name-backslash") in flags(found)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.dictionaries(
        st.from_regex(rb"[a-z]{1,6}(/[a-z]{1,6})?", fullmatch=True),
        st.tuples(st.binary(max_size=300), st.booleans(), st.booleans(), st.booleans()),
        min_size=1,
        max_size=8,
    )
)
def test_what_is_written_is_what_is_read(files: dict[bytes, tuple[bytes, bool, bool, bool]]) -> None:
    entries = []
    for name, (content, packed, streamed, executable) in files.items():
        entry = Entry(name, content, DEFLATE if packed else 0, mode=0o100755 if executable else 0o100644)
        entries.append(described(entry) if streamed else entry)
    data = make_zip(*entries)
    members = list(ZipReader(Bytes(data), members=100))
    assert {member.path: (member.data, member.executable) for member in members} == {
        name: (content, executable) for name, (content, _, _, executable) in files.items()
    }
    with zipfile.ZipFile(io.BytesIO(data)) as oracle:
        assert oracle.testzip() is None


@settings(max_examples=300, deadline=None)
@given(st.integers(min_value=0), st.binary(min_size=1, max_size=3))
def test_a_changed_byte_never_changes_content_unseen(place: int, change: bytes) -> None:
    good = make_zip(A, described(Entry(b"p/b", b"b" * 50)))
    at = place % len(good)
    damaged = good[:at] + change + good[at + len(change) :]
    found = take_zip(damaged)
    if not found.refused:
        whole = take_zip(good)
        same = {entry.digest for entry in parse_manifest(whole.manifest)}
        assert {entry.digest for entry in parse_manifest(found.manifest)} == same
