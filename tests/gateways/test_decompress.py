"""Compressed streams: real tools write them, and every way to end wrongly is a refusal."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import resource
import subprocess
import zlib
from typing import TYPE_CHECKING

import pytest
import zstandard

from tests.proofs.sources.tars import END, file, header, rules
from transparency.gateways.decompress import archive_type, open_archive
from transparency.gateways.xzstream import count_xz_streams
from transparency.proofs.errors import UnusableInputError
from transparency.proofs.sources.archive import ArchiveError
from transparency.proofs.sources.intake import take_in
from transparency.proofs.sources.membersource import Limits, TarSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from transparency.proofs.sources.intake import Intake

    Reader = Callable[[bytes], tuple[bytes, tuple[tuple[str, str], ...]]]

NOISE = random.Random(1).randbytes(3_000_000)
TAR = file(b"p/a", NOISE) + file(b"p/b", b"text\n") + END
GZ, XZ = gzip.compress(TAR, 1), lzma.compress(TAR, preset=0)
SMALL = file(b"p/a", b"text\n") + END


PACKED = {"tar": TAR, "gz": GZ, "xz": XZ, "bz2": bz2.compress(TAR), "zst": zstandard.compress(TAR)}
# Where a single byte more or less decides: kinds that have an end of their own.
ENDED = ("gz", "xz", "bz2", "zst")


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Everything that comes out of a file, and the flags."""

    def read_all(data: bytes) -> tuple[bytes, tuple[tuple[str, str], ...]]:
        (tmp_path / "archive").write_bytes(data)
        with (tmp_path / "archive").open("rb") as source, open_archive(source) as stream:
            out = b""
            while piece := stream.read(70_001):
                out += piece
            stream.finish()
            assert stream.consumed == len(data)
            return out, stream.flags

    return read_all


@pytest.fixture
def intake(tmp_path: Path) -> Callable[..., Intake]:
    def take(data: bytes, limits: Limits | None = None) -> Intake:
        (tmp_path / "archive").write_bytes(data)
        with (tmp_path / "archive").open("rb") as source, open_archive(source) as stream:
            return take_in(TarSource(stream, limits or Limits()), io.BytesIO(), limits=limits)

    return take


@pytest.mark.parametrize(
    "command", [["gzip", "-c"], ["gzip", "-9c"], ["xz", "-0c"], ["xz", "-9ec"], ["xz", "-0c", "--block-size=500000"]]
)
def test_what_the_real_tools_write_is_read(read: Reader, command: list[str]) -> None:
    data = subprocess.run(command, input=TAR, capture_output=True, check=True).stdout
    assert read(data) == (TAR, ())


@pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, 2**20 + 258, 4 * 2**20, 4 * 2**20 + 259])
def test_a_stream_may_end_anywhere_in_our_buffers(read: Reader, size: int) -> None:
    for data in (gzip.compress(bytes(size)), lzma.compress(bytes(size), preset=0)):
        assert read(data) == (bytes(size), ())


def test_gzip_headers_with_names_comments_and_extra_fields_are_read(read: Reader) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packer.compress(b"abc") + packer.flush() + zlib.crc32(b"abc").to_bytes(4, "little") + b"\3\0\0\0"
    data = b"\x1f\x8b\x08\x1c" + bytes(6) + b"\x02\0xx" + b"name\0" + b"comment\0" + body
    assert read(data) == (b"abc", ())


def test_several_gzip_members_are_read_as_one_and_flagged(read: Reader) -> None:
    pieces = [TAR[:1000], b"", TAR[1000:1001], TAR[1001:]]
    data = b"".join(gzip.compress(piece, 1) for piece in pieces)
    assert read(data) == (TAR, (("stream-concatenated", "4 gzip members"),))


def test_several_xz_streams_are_read_as_one_and_flagged(read: Reader) -> None:
    pieces = [TAR[:1000], b"", TAR[1000:1001], TAR[1001:]]
    data = b"".join(lzma.compress(piece, preset=0) for piece in pieces)
    assert read(data) == (TAR, (("stream-concatenated", "4 xz streams"),))
    blocks = ["xz", "-0c", "--block-size=100000"]
    many = subprocess.run(blocks, input=TAR, capture_output=True, check=True).stdout
    assert read(many + many) == (TAR + TAR, (("stream-concatenated", "2 xz streams"),))


def test_the_intake_flags_concatenated_streams(intake: Callable[..., Intake]) -> None:
    for pack in (gzip.compress, lzma.compress):
        found = intake(pack(SMALL[:700]) + pack(SMALL[700:]))
        assert found.refused == ()
        assert [(finding.path, finding.rule) for finding in found.flagged] == [("", "stream-concatenated")]
        assert found.manifest == intake(pack(SMALL)).manifest


REST = {
    "a byte": b"x",
    "a zero": b"\0",
    "a few zeros": bytes(4),
    "a block of zeros": bytes(512),
    "words": b"and now for something different",
    "half a gzip header": b"\x1f\x8b",
    "half an xz header": b"\xfd7zXZ",
    "another zip": b"PK\3\4",
}


@pytest.mark.parametrize("rest", REST.values(), ids=REST.keys())
@pytest.mark.parametrize("data", [gzip.compress(SMALL), lzma.compress(SMALL)], ids=["gz", "xz"])
def test_anything_else_after_the_end_is_refused(intake: Callable[..., Intake], data: bytes, rest: bytes) -> None:
    [(path, rule)] = rules(intake(data + rest))
    assert path == ""
    assert rule in {"stream-trailing", "stream-malformed", "stream-truncated"}


def test_gz_and_xz_do_not_follow_each_other(intake: Callable[..., Intake]) -> None:
    for first, second in ((gzip.compress, lzma.compress), (lzma.compress, gzip.compress)):
        [(_, rule)] = rules(intake(first(SMALL) + second(SMALL)))
        assert rule in {"stream-trailing", "stream-malformed"}


def test_zeros_between_xz_streams_are_refused(intake: Callable[..., Intake]) -> None:
    data = lzma.compress(SMALL[:700]) + bytes(8) + lzma.compress(SMALL[700:])
    assert rules(intake(data)) == [("", "stream-trailing")]


@pytest.mark.parametrize(
    "numbers",
    [b"\xff" * 40, b"\xff" * 8 + b"\x7f" + bytes(31), b"\x01\xff\xff\xff\x7f\x01" + bytes(34)],
    ids=["a number without an end", "more records than there are bytes", "blocks before the beginning"],
)
def test_an_xz_index_that_lies_is_refused(tmp_path: Path, numbers: bytes) -> None:
    index = b"\0" + numbers[:35] + bytes(4)
    footer = bytes(4) + (len(index) // 4 - 1).to_bytes(4, "little") + b"\0\0YZ"
    (tmp_path / "x").write_bytes(b"\xfd7zXZ\0" + index + footer)
    with (tmp_path / "x").open("rb") as source, pytest.raises(ArchiveError, match="stream-"):
        count_xz_streams(source.fileno())


@pytest.mark.parametrize("data", [GZ, XZ], ids=["gz", "xz"])
def test_a_stream_cut_anywhere_is_refused_as_truncated(intake: Callable[..., Intake], data: bytes) -> None:
    for kept in (7, 12, 20, 1000, len(data) // 2, len(data) - 1, len(data) - 8, len(data) - 12, len(data) - 20):
        assert rules(intake(data[:kept])) == [("", "stream-truncated")]


@pytest.mark.parametrize("data", [GZ, XZ], ids=["gz", "xz"])
def test_a_damaged_stream_is_refused_and_is_never_an_error(intake: Callable[..., Intake], data: bytes) -> None:
    generator = random.Random(5)
    places = [8, 9, 10, 30, len(data) // 2, len(data) - 1, len(data) - 3, len(data) - 6, len(data) - 9]
    for place in places + [generator.randrange(20, len(data)) for _ in range(15)]:
        damaged = bytearray(data)
        damaged[place] ^= 0x55
        found = intake(bytes(damaged))
        # Times and names in gzip's own header are nothing's evidence.
        assert found.refused or (data is GZ and place < 10)


def test_damage_in_the_checksum_alone_is_refused(intake: Callable[..., Intake]) -> None:
    data = bytearray(gzip.compress(SMALL))
    data[-8] ^= 1
    assert rules(intake(bytes(data))) == [("", "stream-malformed")]


def test_an_xz_stream_that_asks_for_much_memory_is_refused(intake: Callable[..., Intake]) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 29}]
    [(_, rule)] = rules(intake(lzma.compress(SMALL, filters=filters)))
    assert rule == "stream-malformed"


def test_other_files_are_no_archives(tmp_path: Path) -> None:
    for data in (
        b"",
        b"\x1f",
        b"PK\3\5",
        b"\xfd7zXY\0",
        SMALL[:511],
        b"\x28\xb5\x2f\xfe",
        b"x" + SMALL,
        bytes(1024),
        b"x" * 600,
    ):
        with pytest.raises(UnusableInputError) as refusal:
            archive_type(io.BytesIO(data))
        assert refusal.value.code == "archive-type-unknown"


def bomb(folder: Path, kind: str, size: int) -> bytes:
    """A small archive of one file of zeros."""
    command = {"gz": ["gzip", "-c"], "xz": ["xz", "-0c"], "bz2": ["bzip2", "-c"], "zst": ["zstd", "-qc"]}[kind]
    start = file(b"p/a", b"x") + header(b"p/zeros", size=size)
    with (folder / "bomb").open("wb") as out, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out) as packer:
        assert packer.stdin
        packer.stdin.write(start)
        for _ in range(size >> 20):
            packer.stdin.write(bytes(1 << 20))
        packer.stdin.write(END)
    return (folder / "bomb").read_bytes()


@pytest.mark.parametrize("kind", ["gz", "xz", "bz2", "zst"])
def test_a_bomb_stops_early_and_eats_no_memory(tmp_path: Path, intake: Callable[..., Intake], kind: str) -> None:
    data = bomb(tmp_path, kind, 256 << 20)
    assert len(data) < 1 << 20
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = intake(data, Limits(ratio_from=16 << 20))
    assert rules(found) == [("", "limit-ratio")]
    stopped = int(found.refused[0].detail.split("found ")[1].split()[0])
    assert 16 << 20 < stopped < 128 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_what_is_left_unread_does_not_hang_the_end(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(XZ)
    with (tmp_path / "archive").open("rb") as source, open_archive(source) as stream:
        assert stream.read(10) == TAR[:10]


@pytest.mark.parametrize("kind", sorted(PACKED))
def test_every_kind_gives_the_same_bytes(kind: str, read: Reader) -> None:
    assert archive_type(io.BytesIO(PACKED[kind])) == kind
    assert read(PACKED[kind]) == (TAR, ())


@pytest.mark.parametrize("kind", ENDED)
def test_two_parts_are_read_as_one_and_flagged(kind: str, read: Reader) -> None:
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gz": gzip.compress,
        "xz": lzma.compress,
        "bz2": bz2.compress,
        "zst": zstandard.compress,
    }
    pack = packers[kind]
    out, flags = read(pack(TAR[:100_000]) + pack(TAR[100_000:]))
    assert out == TAR
    assert [flag for flag, _ in flags] == ["stream-concatenated"]


@pytest.mark.parametrize("kind", ENDED)
@pytest.mark.parametrize("missing", [1, 4, 9, 1000, 1_000_000])
def test_a_missing_end_is_fatal_in_every_kind(kind: str, missing: int, read: Reader) -> None:
    with pytest.raises(ArchiveError, match="stream-truncated|stream-malformed"):
        read(PACKED[kind][:-missing])


@pytest.mark.parametrize("kind", ENDED)
@pytest.mark.parametrize("more", [b"x", b"evil" * 100, TAR[:512]])
def test_anything_after_the_end_is_fatal_in_every_kind(kind: str, more: bytes, read: Reader) -> None:
    with pytest.raises(ArchiveError, match="stream-trailing|stream-malformed|stream-truncated"):
        read(PACKED[kind] + more)


@pytest.mark.parametrize("kind", ENDED)
def test_a_flipped_bit_is_found_in_every_kind(kind: str, read: Reader) -> None:
    damaged = bytearray(PACKED[kind])
    damaged[len(damaged) // 2] ^= 0x10
    if kind == "zst":  # the library writes no checksum unless asked to
        compressor = zstandard.ZstdCompressor(write_checksum=True)
        damaged = bytearray(compressor.compress(TAR))
        damaged[len(damaged) // 2] ^= 0x10
    with pytest.raises(ArchiveError, match="stream-malformed|stream-truncated"):
        read(bytes(damaged))


class TestZstandard:
    def test_a_skippable_frame_after_the_data_is_flagged(self, read: Reader) -> None:
        skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00note"
        assert read(PACKED["zst"] + skippable) == (TAR, (("stream-concatenated", "2 zstd frames"),))

    def test_a_window_that_asks_for_much_memory_is_refused(self, tmp_path: Path, read: Reader) -> None:
        (tmp_path / "plain").write_bytes(TAR)
        packed = subprocess.run(
            ["bash", "-c", f"cat {tmp_path}/plain | zstd -qc --ultra -20 --long=28"], capture_output=True, check=True
        ).stdout
        with pytest.raises(ArchiveError, match="window"):
            read(packed)

    def test_a_dictionary_is_refused(self, read: Reader) -> None:
        dictionary = zstandard.ZstdCompressionDict(b"some words that occur " * 200)
        packed = zstandard.ZstdCompressor(dict_data=dictionary).compress(TAR)
        if packed[4] & 3:
            with pytest.raises(ArchiveError, match="dictionary"):
                read(packed)

    def test_a_reserved_block_type_is_refused(self, read: Reader) -> None:
        with pytest.raises(ArchiveError, match="stream-malformed"):
            read(bytes.fromhex("28b52ffd2000070000"))
