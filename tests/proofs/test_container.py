from __future__ import annotations

import doctest
import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transparency.proofs import container
from transparency.proofs.container import check_container, format_container, parse_container, read_members
from transparency.proofs.errors import EvidenceError, UnusableInputError

MEMBERS = {"dossier.json": b"{}", "a/01/record.json": b"RECORD!", "a/01/empty": b"", "README.txt": b"read me\n"}
component = st.text(alphabet="abcXYZ019._-", min_size=1, max_size=6).filter(lambda text: text not in {".", ".."})
names = st.lists(component, min_size=1, max_size=3).map("/".join)


def code_of(data: bytes) -> str:
    with pytest.raises(EvidenceError) as caught:
        parse_container(data)
    return caught.value.code


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED, comment: bytes = b"") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.comment = comment
    return stream.getvalue()


def test_the_examples_in_the_module_hold() -> None:
    assert doctest.testmod(container).failed == 0


@settings(max_examples=60, deadline=None)
@given(members=st.dictionaries(names, st.binary(max_size=40), max_size=6))
def test_what_was_formatted_parses_to_the_same_members_and_back(members: dict[str, bytes]) -> None:
    data = format_container(members)
    assert parse_container(data) == members
    assert format_container(parse_container(data)) == data


def test_any_unzip_reads_a_container() -> None:
    with zipfile.ZipFile(io.BytesIO(format_container(MEMBERS))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == MEMBERS
        assert archive.namelist() == sorted(MEMBERS)


def test_a_zip_of_the_same_members_written_by_another_tool_reads_but_is_not_the_one_spelling() -> None:
    data = zipped(MEMBERS)
    assert read_members(data) == MEMBERS
    assert code_of(data) == "container-not-canonical"


def test_members_in_another_order_are_not_the_one_spelling() -> None:
    assert code_of(zipped(dict(sorted(MEMBERS.items(), reverse=True)))) == "container-not-canonical"


def test_a_local_header_with_an_extra_field_still_reads_so_that_the_container_is_what_is_blamed() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in sorted(MEMBERS):
            info = zipfile.ZipInfo(name)
            info.extra = struct.pack("<HHI", 0x7075, 4, 7)
            archive.writestr(info, MEMBERS[name])
    assert read_members(stream.getvalue()) == MEMBERS
    assert code_of(stream.getvalue()) == "container-not-canonical"


def read_or_code(data: bytes) -> dict[str, bytes] | str:
    try:
        return read_members(data)
    except EvidenceError as error:
        return error.code


def test_every_single_byte_is_held() -> None:
    data = format_container(MEMBERS)
    inside = {data.index(value) + offset for value in MEMBERS.values() for offset in range(len(value))}
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 0x41
        with pytest.raises(EvidenceError):
            check_container(bytes(damaged), MEMBERS)
        found = read_or_code(bytes(damaged))
        if position in inside and isinstance(found, dict):
            assert sum(found[name] != MEMBERS[name] for name in MEMBERS) == 1, "one member differs, and it can be named"
        else:
            assert found == MEMBERS or str(found).startswith("container-"), "never other members from the same data"


def test_bytes_before_between_or_after_are_refused() -> None:
    data = format_container(MEMBERS)
    assert code_of(b"#!/bin/sh\n" + data) == "container-directory"
    assert code_of(data + b"\n") == "container-end"
    middle = data.index(b"PK\x03\x04", 1)
    assert code_of(data[:middle] + b"hidden" + data[middle:]) == "container-directory"


def test_a_comment_is_refused() -> None:
    assert code_of(zipped(MEMBERS, comment=b"hello")) == "container-end"


def test_compressed_members_are_refused() -> None:
    assert code_of(zipped({"README.txt": b"a" * 500}, zipfile.ZIP_DEFLATED)) == "container-compressed"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("README.txt", b"for you")
        archive.writestr("README.txt", b"for the other")
    assert code_of(stream.getvalue()) == "container-duplicate"


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "a//b", "a/./b", "a/", "", "a b", "c:\\x", "naïve", "a\nb", "x" * 256]
)
def test_names_that_are_not_safe_are_refused_both_ways(name: str) -> None:
    with pytest.raises(EvidenceError, match="container-name"):
        format_container({name: b""})
    if name:
        assert code_of(zipped({name: b"x"})) in {"container-name", "container-compressed"}


def test_data_that_two_members_share_are_refused() -> None:
    data = bytearray(format_container({"a": b"xxxxPK\x03\x04", "b": b"yy"}))
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    struct.pack_into("<I", data, second + 42, 0)
    assert code_of(bytes(data)) == "container-name"


def test_data_that_run_into_the_next_header_are_refused() -> None:
    data = bytearray(format_container({"a": b"xx", "b": b"yy"}))
    struct.pack_into("<H", data, 28, 1)
    assert code_of(bytes(data)) == "container-bounds"


def test_a_count_or_a_directory_that_lies_is_refused() -> None:
    data = format_container(MEMBERS)
    for offset, value in ((10, 3), (10, 5)):
        damaged = bytearray(data)
        struct.pack_into("<H", damaged, len(data) - 22 + offset, value)
        assert code_of(bytes(damaged)) == "container-directory"


def test_the_empty_container_is_a_container_and_other_files_are_no_candidates() -> None:
    assert parse_container(format_container({})) == {}
    for data in (b"", b"PK", b"%PDF-1.7 something long enough to hold an end record", b"\x1f\x8b" + bytes(40)):
        with pytest.raises(UnusableInputError, match="not-a-zip"):
            read_members(data)


def test_a_zip_without_its_end_is_broken_and_not_unusable() -> None:
    data = format_container(MEMBERS)
    for length in (4, 40, len(data) - 1):
        with pytest.raises(EvidenceError, match="container-end") as caught:
            read_members(data[:length])
        assert not isinstance(caught.value, UnusableInputError)


def test_sizes_and_counts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "MAX_CONTAINER_BYTES", 200)
    with pytest.raises(EvidenceError, match="container-size"):
        format_container({"a": bytes(200)})
    with pytest.raises(EvidenceError, match="container-size"):
        read_members(b"PK\x03\x04" + bytes(300))
    monkeypatch.setattr(container, "MAX_MEMBERS", 1)
    with pytest.raises(EvidenceError, match="container-members"):
        format_container({"a": b"", "b": b""})
