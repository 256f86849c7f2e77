"""Source RPMs: real ones of every compression, and each way in which a header or a payload can lie."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.proofs.packages.recognising import rules as package_rules
from tests.proofs.sources.rpms import (
    BIN,
    END,
    FILES,
    IMMUTABLE,
    INT32,
    cpio,
    cpio_member,
    header,
    main_entries,
    numbers,
    rpm,
    text,
    texts,
)
from tests.proofs.sources.tars import rules
from transparency.gateways.decompress import open_archive, open_members
from transparency.proofs.errors import EvidenceError, UnusableInputError
from transparency.proofs.manifest import parse_manifest
from transparency.proofs.packages.rpmheader import recognise_rpm
from transparency.proofs.sources.intake import Intake, take_in
from transparency.proofs.sources.membersource import Limits
from transparency.proofs.sources.rpmsource import RpmSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from transparency.proofs.packages.declared import Package

REAL = Path(__file__).resolve().parents[2] / "vectors" / "packages"


def take(path: Path, name: str, limits: Limits | None = None) -> tuple[Intake, Package | None]:
    with path.open("rb") as source, open_members(source, limits or Limits()) as members:
        assert isinstance(members, RpmSource)
        intake = take_in(members, io.BytesIO(), limits=limits)
        return intake, recognise_rpm(members.head.header, spec=members.spec, name=name)


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Intake]:
    """What is taken in of an RPM made by hand."""

    def make(data: bytes, limits: Limits | None = None) -> Intake:
        (tmp_path / "x.src.rpm").write_bytes(data)
        return take(tmp_path / "x.src.rpm", "pump-1.0-3.src.rpm", limits)[0]

    return make


@pytest.mark.parametrize("compressor", ["gzip", "bzip2", "xz", "zstd"])
def test_a_real_source_package_is_its_files_as_they_are(compressor: str) -> None:
    """Made by rpmbuild 4.18: every inner file is a member, the archive in it is not opened, and the spec file is not run."""
    intake, package = take(REAL / f"pump-{compressor}.src.rpm", "pump-1.0-3.tc1.src.rpm")
    assert rules(intake) == []
    entries = {entry.path: (entry.mode, entry.size) for entry in parse_manifest(intake.manifest)}
    assert entries == {b"fix.patch": ("100644", 12), b"pump-1.0.tar.gz": ("100644", 170), b"pump.spec": ("100644", 258)}
    assert (intake.prefix, intake.flagged) == ("", ())
    assert package is not None
    assert (package.name, package.version, package.licence) == ("pump", "1.0-3.tc1", "GPL-2.0-or-later")
    assert package.purl == "pkg:rpm/pump@1.0-3.tc1?arch=src&epoch=2"
    assert (package.repository, package.file) == ("git:https://code.example/pump.git", "pump.spec")
    assert package.findings == ()


def test_one_made_by_hand_is_read_as_well(made: Callable[..., Intake]) -> None:
    assert rules(made(rpm())) == []
    assert made(rpm()).files == 2


def test_every_cut_of_a_real_one_is_refused(tmp_path: Path) -> None:
    data = (REAL / "pump-zstd.src.rpm").read_bytes()
    for cut in (*range(0, 96, 7), *range(96, len(data), 41), len(data) - 1):
        (tmp_path / "x.src.rpm").write_bytes(data[:cut])
        with pytest.raises(EvidenceError):
            refuse(take(tmp_path / "x.src.rpm", "x")[0])


def test_every_flipped_byte_behind_the_signatures_is_refused(tmp_path: Path) -> None:
    """The signature header holds the header's digest, the header the payload's."""
    data = (REAL / "pump-gzip.src.rpm").read_bytes()
    start = data.index(b"\x8e\xad\xe8\x01", 100)
    for place in range(start, len(data), 13):
        changed = bytearray(data)
        changed[place] ^= 0x20
        (tmp_path / "x.src.rpm").write_bytes(changed)
        with pytest.raises(EvidenceError):
            refuse(take(tmp_path / "x.src.rpm", "x")[0])


def refuse(intake: Intake) -> None:
    """A refusal that the pass found, as the error that it would have been."""
    if intake.refused:
        raise EvidenceError(intake.refused[0].rule)


MAIN = main_entries(FILES, gzip.compress(cpio(FILES), mtime=0))


def with_index(tag: int, *line: int) -> bytes:
    return rpm(main=header(MAIN, changed={tag: line}))


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"\xed\xab\xee\xdb" + bytes(600), "rpm-lead"),
        (rpm(kind=0), "rpm-binary"),
        (rpm(without=[1106]), "rpm-binary"),
        (rpm(entries=[text(1125, b"lzma")]), "rpm-header"),
        (rpm(entries=[text(1125, b"xz")]), "rpm-header"),
        (rpm(entries=[text(1124, b"drpm")]), "rpm-header"),
        (rpm(signed=[text(273, b"0" * 64)]), "rpm-digest"),
        (rpm(entries=[texts(5092, [b"0" * 64])]), "rpm-digest"),
        (rpm(entries=[numbers(5093, [1])]), "rpm-header"),
        (rpm() + b"x", "rpm-size"),
        (rpm(signed=[numbers(1000, [7])]), "rpm-size"),
        (with_index(1000, 1000, 6, 1 << 30, 1), "rpm-header"),
        (with_index(1000, 1000, 6, -4, 1), "rpm-header"),
        (with_index(1028, 1028, INT32, 17, 2), "rpm-header"),
        (with_index(1028, 1028, INT32, 16, 1 << 31), "rpm-header"),
        (with_index(1028, 1028, INT32, 16, 0), "rpm-header"),
        (with_index(1117, 1117, 8, 0, 1 << 20), "rpm-header"),
        (with_index(1000, 1000, 0, 0, 1), "rpm-header"),
        (with_index(1000, 1000, 10, 0, 1), "rpm-header"),
        (with_index(1001, 1000, 6, 5, 1), "rpm-header"),
        (with_index(1002, 1002, 6, 0, 1), "rpm-header"),
        (with_index(IMMUTABLE, IMMUTABLE, BIN, 0, 16), "rpm-header"),
        (with_index(IMMUTABLE, 61, BIN, 0, 16), "rpm-header"),
        (with_index(-IMMUTABLE, IMMUTABLE, BIN, -32, 16), "rpm-header"),
        (rpm(main=header(MAIN)[:8] + b"\xff" * 8 + header(MAIN)[16:]), "rpm-header"),
        (rpm(main=header(MAIN)[:8] + struct.pack(">II", 0, 16) + header(MAIN)[16:]), "rpm-header"),
        (rpm(entries=[numbers(1116, [0, 9])]), "rpm-header"),
        (rpm(entries=[numbers(1116, [0])]), "rpm-header"),
        (rpm(entries=[texts(1117, [b"a", b"a"])]), "rpm-header"),
        (rpm(entries=[numbers(5011, [77])]), "rpm-header"),
        (rpm(without=[1117]), "rpm-header"),
    ],
    ids=range(31),
)
def test_a_front_that_lies_is_refused(made: Callable[..., Intake], data: bytes, rule: str) -> None:
    with pytest.raises(EvidenceError) as refused:
        made(data)
    assert refused.value.code == rule


@pytest.mark.parametrize(
    ("plain", "found"),
    [
        (cpio({**FILES, b"more": b""}), [("", "rpm-file")]),
        (cpio({b"pump.spec": FILES[b"pump.spec"]}), [("", "rpm-file")]),
        (cpio({**FILES, b"pump.spec": b"Name: bump\n"}), [("", "rpm-file")]),
        (cpio({**FILES, b"pump.spec": b"longer than it was\n"}), [("", "rpm-file")]),
        (cpio(FILES)[: -len(END)], [("", "cpio-truncated")]),
        (cpio(FILES) + b"more", [("", "cpio-trailing")]),
        (cpio(FILES) + cpio(FILES), [("", "cpio-trailing")]),
        (b"070707" + cpio(FILES)[6:], [("", "cpio-header")]),
        (b"0" * 200, [("", "cpio-header")]),
        (cpio_member(b"pump.spec", size=1 << 31), [("", "rpm-file")]),
        (cpio_member(b"pump.spec", FILES[b"pump.spec"], magic=b"070702", check=1), [("", "cpio-header")]),
        (cpio_member(b"pump.spec", b"x", links=2), [("", "unsupported-member")]),
        (cpio_member(b"dev", mode=0o020644), [("", "unsupported-member")]),
        (cpio_member(b"pump\0spec", FILES[b"pump.spec"]), [("", "cpio-header")]),
        (cpio_member(b"pump.spec", FILES[b"pump.spec"], ended=b"x"), [("", "cpio-header")]),
        (cpio_member(b"n" * 5000), [("", "cpio-header")]),
        (cpio_member(b"link", b"t" * 5000, mode=0o120777), [("", "cpio-header")]),
        (cpio_member(b"TRAILER!!!", b"hidden") + END, [("", "cpio-header")]),
    ],
    ids=range(18),
)
def test_a_payload_that_lies_is_refused(
    made: Callable[..., Intake], plain: bytes, found: list[tuple[str, str]]
) -> None:
    assert [rule for _, rule in rules(made(rpm(plain=plain)))] == [rule for _, rule in found]


@pytest.mark.parametrize(
    ("name", "rule"),
    [(b"../up", "path-dotdot"), (b"/etc/x", "path-absolute"), (b"a//b", "path-empty"), (b".git/config", "path-git")],
)
def test_a_path_that_climbs_out_is_refused_by_its_own_name(made: Callable[..., Intake], name: bytes, rule: str) -> None:
    listed = {**FILES, name: b"x"}
    assert [found for _, found in rules(made(rpm(listed)))] == [rule]
    unlisted = rules(made(rpm(plain=cpio(listed))))
    assert [found for _, found in unlisted] == [rule, "rpm-file"]


def test_one_name_twice_in_the_payload_is_refused(made: Callable[..., Intake]) -> None:
    plain = cpio_member(b"pump.spec", FILES[b"pump.spec"]) + cpio(FILES)
    assert {rule for _, rule in rules(made(rpm(plain=plain)))} == {"duplicate-path", "rpm-file"}


def test_a_bomb_in_the_payload_is_stopped_at_its_limit(made: Callable[..., Intake]) -> None:
    files = {b"pump.spec": bytes(70 * 1024 * 1024)}
    assert [rule for _, rule in rules(made(rpm(files)))] == ["limit-ratio"]
    small = Limits(content=1000)
    assert [rule for _, rule in rules(made(rpm({b"pump.spec": bytes(2000)}), small))] == ["limit-content"]


def test_a_large_file_is_compared_piece_by_piece(made: Callable[..., Intake]) -> None:
    noise = hashlib.shake_128(b"pump").digest(9 * 1024 * 1024)
    files = {b"pump.spec": b"x", b"large": noise}
    assert rules(made(rpm(files))) == []
    other = {**files, b"large": noise[:-1] + b"\0"}
    assert [rule for _, rule in rules(made(rpm(files, plain=cpio(other))))] == ["rpm-file"]


def test_old_digests_of_md5_are_compared_as_well(made: Callable[..., Intake]) -> None:
    digests = [hashlib.md5(content, usedforsecurity=False).hexdigest().encode() for content in FILES.values()]
    assert rules(made(rpm(entries=[texts(1035, digests)], without=[5011, 5092, 5093]))) == []
    assert [rule for _, rule in rules(made(rpm(without=[5011])))] == ["rpm-file"]


def test_an_rpm_is_no_tar_that_could_be_signed_inside(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(rpm())
    with (tmp_path / "x").open("rb") as source, pytest.raises(UnusableInputError), open_archive(source):
        pass


@pytest.mark.parametrize(
    ("entries", "name", "found"),
    [
        ([], "pump-1.0-3.src.rpm", []),
        ([], "bump-1.0-3.src.rpm", ["package-file-name"]),
        ([text(1000, b"../x")], "x", ["package-malformed"]),
        ([text(1014, b"\xff")], "x", ["package-malformed"]),
        ([texts(1000, [b"a", b"b"])], "x", ["package-malformed"]),
        ([numbers(1037, [0, 0]), texts(1117, [b"a", b"b"])], "pump-1.0-3.src.rpm", ["package-missing"]),
    ],
    ids=range(6),
)
def test_what_is_odd_about_the_package_is_a_finding(
    tmp_path: Path, entries: list[Any], name: str, found: list[str]
) -> None:
    (tmp_path / "x").write_bytes(rpm(entries=entries))
    assert package_rules(take(tmp_path / "x", name)[1]) == found
