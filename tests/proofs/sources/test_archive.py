"""What the tar reader reads, and what it refuses: every case is a tar made by hand."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.sources.tars import (
    END,
    GNU,
    OLD,
    PlainStream,
    file,
    folder,
    gnu_long,
    hardlink,
    header,
    long_file,
    padded,
    pax,
    record,
    symlink,
)
from transparency.proofs.sources.archive import MAX_META_BYTES, WHOLE_BYTES, ArchiveError, TarReader

if TYPE_CHECKING:
    from pathlib import Path

Seen = tuple[str, bytes, bytes]


def read(*parts: bytes, end: bytes = END) -> list[Seen]:
    """(kind, path, content or target) of each member."""
    found: list[Seen] = []
    for member in TarReader(PlainStream(b"".join(parts) + end)):
        content = member.data if member.data is not None else b"".join(member.pieces or ())
        assert len(content) == member.size
        found.append((member.kind, member.path, member.target or content))
    return found


def refused(*parts: bytes, end: bytes = END) -> str:
    with pytest.raises(ArchiveError) as refusal:
        read(*parts, end=end)
    return refusal.value.code


def test_the_four_kinds_of_members_are_read() -> None:
    members = (folder(b"d/"), file(b"d/f", b"text"), symlink(b"d/s", b"f"), hardlink(b"d/h", b"d/f"))
    expected = [
        ("folder", b"d/", b""),
        ("file", b"d/f", b"text"),
        ("symlink", b"d/s", b"f"),
        ("hardlink", b"d/h", b"d/f"),
    ]
    assert read(*members) == expected


def test_only_the_owners_x_bit_makes_a_program() -> None:
    def modes(mode: bytes) -> bool:
        return next(iter(TarReader(PlainStream(file(b"a", mode=mode) + END)))).executable

    assert modes(b"0000755\0")
    assert modes(b"0000100\0")
    assert modes(b"100755 \0")
    assert not modes(b"0000655\0")
    assert not modes(b"0000011\0")
    assert not modes(bytes(8))


def test_a_prefix_counts_in_posix_headers_and_is_something_else_in_those_of_gnu() -> None:
    assert read(file(b"name", prefix=b"a/b")) == [("file", b"a/b/name", b"")]
    assert read(header(b"name", prefix=b"00000000000", magic=GNU)) == [("file", b"name", b"")]
    assert read(header(b"name", prefix=b"p", magic=b"ustar\x00\x00\x00")) == [("file", b"p/name", b"")]


def test_headers_of_an_unknown_kind_and_old_ones_with_a_prefix_are_refused() -> None:
    assert read(header(b"name", b"\0", magic=OLD)) == [("file", b"name", b"")]
    assert refused(header(b"name", prefix=b"../evil", magic=OLD)) == "tar-header"
    assert refused(header(b"name", magic=b"ustar\x0100")) == "tar-header"
    assert refused(header(b"name", magic=b"USTAR\x0000")) == "tar-header"


def test_a_regular_type_with_a_slash_at_the_end_is_a_folder_in_old_headers() -> None:
    assert read(header(b"d/", b"\0", magic=OLD)) == [("folder", b"d/", b"")]


def test_a_prefix_alone_does_not_make_a_folder_of_an_old_file() -> None:
    """A folder for GNU tar, a file for tarfile."""
    assert refused(header(b"", b"\0", prefix=b"p")) == "tar-header"
    assert read(header(b"", b"5", prefix=b"p")) == [("folder", b"p/", b"")]


def test_a_contiguous_file_is_a_regular_file_as_posix_says() -> None:
    assert read(header(b"a", b"7", size=1), padded(b"x")) == [("file", b"a", b"x")]


def test_names_fill_their_field_without_a_zero_byte() -> None:
    assert read(file(100 * b"n", prefix=155 * b"p")) == [("file", 155 * b"p" + b"/" + 100 * b"n", b"")]


def test_gnu_long_names_and_link_targets_hold_for_one_member() -> None:
    long, target = b"d/" + 300 * b"n", 200 * b"../" + b"t"
    parts = (gnu_long(long), gnu_long(target, b"K"), symlink(b"cut", b"cut"), file(b"after"))
    assert read(*parts) == [("symlink", long, target), ("file", b"after", b"")]


def test_a_gnu_long_name_that_goes_on_in_its_padding_is_refused() -> None:
    """GNU tar and tarfile read on to the next zero."""
    torn = header(b"././@LongLink", b"L", size=3, magic=GNU) + b"abc" + b"def".ljust(509, b"\0")
    assert refused(torn, file(b"x")) == "tar-meta"
    whole = header(b"././@LongLink", b"L", size=3, magic=GNU) + padded(b"abc")
    assert read(whole, file(b"x")) == [("file", b"abc", b"")]


def test_pax_paths_link_targets_and_sizes_hold_for_one_member() -> None:
    path, target = b"d/\xff\n" + 500 * b"n", 300 * b"t"
    parts = (
        pax({b"path": path, b"linkpath": target, b"mtime": b"1.5", b"comment": b"="}),
        symlink(b"cut", b"cut"),
        pax({b"size": b"3"}),
        file(b"sized", b"abc"),
        file(b"after", b"x"),
    )
    assert read(*parts) == [("symlink", path, target), ("file", b"sized", b"abc"), ("file", b"after", b"x")]


def test_a_global_header_may_comment_and_may_not_name() -> None:
    assert read(pax({b"comment": b"1f2e"}, b"g"), file(b"a")) == [("file", b"a", b"")]
    for key in (b"path", b"linkpath", b"size"):
        assert refused(pax({key: b"1"}, b"g"), file(b"a")) == "tar-meta"


def test_two_extensions_that_disagree_about_one_member_are_refused() -> None:
    assert refused(gnu_long(b"one"), pax({b"path": b"two"}), file(b"x")) == "tar-meta"
    assert refused(gnu_long(b"one"), gnu_long(b"two"), file(b"x")) == "tar-meta"
    assert refused(pax(record(b"path", b"one") + record(b"path", b"two")), file(b"x")) == "tar-meta"
    assert refused(gnu_long(b"one", b"K"), pax({b"linkpath": b"two"}), symlink(b"x", b"t")) == "tar-meta"
    assert read(gnu_long(b"one"), pax({b"path": b"one"}), file(b"x")) == [("file", b"one", b"")]


@pytest.mark.parametrize(
    "data",
    [
        b"x",
        b"8 path=a\n",
        b"11 path=ab",
        b"99 path=ab\n",
        b"10 path=ab",
        b"3 \n",
        b"1 \n",
        b"7 path\n",
        b"010 path=a\n",
        b"-1 path=a\n",
        b"10\tpath=a\n",
        b"99999999 path=a\n",
        b"11 path=ab\n5",
    ],
)
def test_a_malformed_pax_record_is_refused(data: bytes) -> None:
    assert refused(pax(data), file(b"x")) == "tar-meta"


@pytest.mark.parametrize(
    "size", [b"-1", b"1.5", b"", b"01", b"0x1", b"1 ", b"99999999999999999999", b"2", b"0", b"\xb2"]
)
def test_a_pax_size_that_is_no_number_or_another_than_the_headers_is_refused(size: bytes) -> None:
    assert refused(pax({b"size": size}), file(b"x", b"a")) == "tar-size"


def test_a_pax_size_counts_only_where_the_header_cannot_say_it() -> None:
    assert refused(pax({b"size": b"600"}), header(b"x", size=0), padded(600 * b"y")) == "tar-size"
    huge = b"%d" % (8 * 1024**3)
    with pytest.raises(ArchiveError) as refusal:
        read(pax({b"size": huge}), header(b"x", size=0))
    assert refusal.value.code == "tar-truncated"


def test_an_extension_header_of_more_than_its_limit_is_refused_unread() -> None:
    assert refused(header(b"x", b"x", size=MAX_META_BYTES + 1)) == "tar-meta"
    assert refused(header(b"x", b"L", size=MAX_META_BYTES + 1)) == "tar-meta"
    assert refused(header(b"x", b"g", size=8**11 - 1)) == "tar-meta"


def test_an_extension_without_a_member_is_refused() -> None:
    assert refused(file(b"a"), pax({b"path": b"b"})) == "tar-meta"
    assert refused(file(b"a"), gnu_long(b"b")) == "tar-meta"
    assert read(file(b"a"), pax({b"comment": b"fine"}, b"g")) == [("file", b"a", b"")]


@pytest.mark.parametrize("kind", [b"3", b"4", b"6", b"S", b"M", b"V", b"D", b"N", b"A", b"X", b"Z", b"\xff", b" "])
def test_devices_pipes_sparse_files_volumes_and_unknown_types_are_refused(kind: bytes) -> None:
    assert refused(header(b"a", kind)) == "unsupported-member"


@pytest.mark.parametrize(
    "key", [b"GNU.sparse.major", b"GNU.sparse.map", b"GNU.sparse.name", b"SCHILY.realsize", b"SUN.holesdata"]
)
def test_sparse_files_in_pax_clothes_are_refused(key: bytes) -> None:
    assert refused(pax({key: b"1"}), file(b"a")) == "unsupported-member"


def test_sparse_files_of_gnu_tar_itself_are_refused(tmp_path: Path) -> None:
    with (tmp_path / "holes").open("wb") as stream:
        stream.truncate(1 << 20)
        stream.seek(1 << 19)
        stream.write(b"x")
    for style in ("gnu", "posix"):
        command = ["tar", "-C", str(tmp_path), f"--format={style}", "-S", "-cf", "-", "holes"]
        data = subprocess.run(command, check=True, capture_output=True).stdout
        assert refused(data, end=b"") == "unsupported-member"


def test_a_checksum_that_does_not_add_up_is_refused() -> None:
    good = file(b"a", b"b")
    assert refused(b"b" + good[1:]) == "tar-checksum"
    assert refused(header(b"a", checksum=b"0000000\0")) == "tar-checksum"
    assert refused(header(b"a", checksum=bytes(8))) == "tar-checksum"
    assert refused(header(b"a", checksum=b"xxxxxx\0 ")) == "tar-header"


@pytest.mark.parametrize(
    ("field", "code"),
    [
        (b"\xff" * 12, "tar-size"),
        (b"\xff" + b"\xff" * 10 + b"\xf0", "tar-size"),
        (b"\x81" + bytes(11), "tar-size"),
        (b"\x80" + b"\xff" * 11, "tar-size"),
        (b"\x80" + bytes(2) + b"\x7f" + bytes(8), "tar-size"),
        (b"-0000000001\0", "tar-header"),
        (b"0000000009\0\0", "tar-header"),
        (b"0x000000001\0", "tar-header"),
        (b"00000 00001\0", "tar-header"),
        (b"1\x000000000000", "tar-header"),
        (bytes(1) + b"00000000006", "tar-header"),
        (bytes(7) + b"00006", "tar-header"),
    ],
)
def test_negative_huge_and_malformed_sizes_are_refused(field: bytes, code: str) -> None:
    assert refused(header(b"a", size_field=field)) == code


def test_sizes_in_base_256_and_with_spaces_are_read() -> None:
    assert read(header(b"a", size_field=b"\x80" + bytes(10) + b"\x03") + padded(b"abc")) == [("file", b"a", b"abc")]
    assert read(header(b"a", size_field=b"          3 ") + padded(b"abc")) == [("file", b"a", b"abc")]
    assert read(header(b"a", size_field=b"000000000003") + padded(b"abc")) == [("file", b"a", b"abc")]


def test_folders_and_links_have_no_content() -> None:
    for kind in (b"5", b"2", b"1"):
        assert refused(header(b"a", kind, size=1, target=b"t"), padded(b"x")) == "tar-size"


@pytest.mark.parametrize("cut", [1, 511, 512, 513, 1023, 1024, 1025, 1535])
def test_an_archive_cut_short_is_refused(cut: int) -> None:
    whole = file(b"a", b"content") + file(b"b", b"x" * 600)
    code = refused(whole[:cut], end=b"")
    assert code in {"tar-truncated", "tar-end-missing"}


def test_the_two_blocks_at_the_end_must_be_there() -> None:
    assert refused(file(b"a"), end=b"") == "tar-end-missing"
    assert refused(file(b"a"), end=bytes(512)) == "tar-end-missing"
    assert refused(file(b"a"), end=bytes(512) + file(b"hidden")) == "tar-end-missing"
    assert refused(file(b"a"), end=bytes(1023)) == "tar-end-missing"
    assert read(file(b"a"), end=bytes(10240)) == [("file", b"a", b"")]


def test_only_zeros_follow_the_end() -> None:
    assert refused(file(b"a"), end=END + file(b"hidden") + END) == "tar-trailing"
    assert refused(file(b"a"), end=END + bytes(3 * 1024 * 1024) + b"\1") == "tar-trailing"
    assert read(file(b"a"), end=END + bytes(3 * 1024 * 1024 + 7)) == [("file", b"a", b"")]


def test_the_first_block_decides_whether_an_archive_is_empty() -> None:
    assert read() == []
    assert refused(end=b"") == "tar-end-missing"


def test_a_large_file_comes_in_pieces_and_must_be_used_up() -> None:
    content = os.urandom(WHOLE_BYTES + 1)
    data = file(b"small", b"x") + file(b"large", content) + file(b"after", b"y")
    assert [content for _, _, content in read(data)] == [b"x", content, b"y"]
    with pytest.raises(AssertionError):
        for _ in TarReader(PlainStream(data + END)):
            pass
    assert refused(header(b"large", size=WHOLE_BYTES + 1), content[: WHOLE_BYTES // 2], end=b"") == "tar-truncated"


names = st.text(st.characters(exclude_characters="\0\n", exclude_categories=["Cs"]), min_size=1, max_size=150).filter(
    lambda name: not name.endswith("/") and name.strip("/")
)


@given(st.lists(st.tuples(names, st.binary(max_size=1200)), max_size=5), st.sampled_from(["gnu", "pax"]))
@settings(max_examples=60, deadline=None)
def test_what_another_writer_writes_is_read_as_it_is(members: list[tuple[str, bytes]], style: str) -> None:
    out = io.BytesIO()
    kinds = {"gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
    with tarfile.open(fileobj=out, mode="w", format=kinds[style]) as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    stored = [tarfile.TarInfo(name).get_info()["name"] for name, _ in members]
    assert read(out.getvalue(), end=b"") == [
        ("file", str(name).encode(), content) for name, (_, content) in zip(stored, members, strict=True)
    ]


@given(st.binary(max_size=600), st.integers(0, 2047))
@settings(max_examples=200, deadline=None)
def test_damage_is_refused_or_harmless_and_never_another_error(noise: bytes, place: int) -> None:
    data = bytearray(long_file(b"a/b", b"content") + gnu_long(b"c") + file(b"x", b"y") + END)
    data[place : place + len(noise)] = noise
    try:
        read(bytes(data), end=b"")
    except ArchiveError as error:
        assert error.code
        assert error.subject.isascii()


@pytest.mark.parametrize("place", [100, 108, 116, 136, 329, 337])
def test_a_malformed_number_that_hides_what_follows_from_other_readers_is_refused(place: int) -> None:
    """tarfile takes the header for the end of the archive: the second member would be ours alone."""
    spoilt = bytearray(file(b"hidden", b"x"))
    spoilt[place : place + 8] = b"0001288\0"
    spoilt[148:156] = b" " * 8
    spoilt[148:156] = b"%06o\0 " % sum(spoilt[:512])
    whole = file(b"a") + bytes(spoilt) + file(b"b") + END
    assert refused(whole) == "tar-header"
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        assert archive.getnames() == ["a"]


def test_owners_and_times_in_base_256_are_read() -> None:
    block = bytearray(header(b"a"))
    block[108:116] = b"\x80" + bytes(6) + b"\x09"
    block[136:148] = b"\xff" * 12
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    assert read(bytes(block)) == [("file", b"a", b"")]
