"""Compressed streams cut short, gone on after their end, damaged or folded into themselves; the same for each compressor."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zlib
from typing import TYPE_CHECKING

import pytest
import zstandard

from tests.hostile.cases import Case, check, each, kept, meet, refused
from tests.proofs.sources.tars import END, file
from transparency.proofs.errors import UnusableInputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOISE = b"".join(zlib.crc32(b"%d" % number).to_bytes(4, "big") for number in range(2000))
TAR = file(b"f", NOISE) + file(b"g", b"second") + END
KEPT = {b"f": NOISE, b"g": b"second"}
EVIL = file(b"evil", b"hidden") + END
JOINED = ("", "stream-concatenated")


def zst(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def gz(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


PACK: dict[str, Callable[[bytes], bytes]] = {"gz": gz, "bz2": bz2.compress, "xz": lzma.compress, "zst": zst}


def at(data: bytes, place: int, more: bytes) -> bytes:
    start = place % len(data)
    return data[:start] + more + data[start + len(more) :]


def flipped(data: bytes, place: int) -> bytes:
    return at(data, place, bytes([data[place] ^ 0x55]))


def ends(kind: str, pack: Callable[[bytes], bytes]) -> dict[str, Case]:
    """What every compressor has: an end that may be missing, be followed, or come twice. (The xz tool takes what follows for a stream.)"""
    whole, first, second = pack(TAR), pack(TAR[:4096]), pack(TAR[4096:])
    truncated, trailing, malformed = (("", f"stream-{word}") for word in ("truncated", "trailing", "malformed"))
    cases = {
        "whole": kept(whole, KEPT),
        "in two parts": kept(first + second, KEPT, JOINED),
        "with an empty part at the end": kept(whole + pack(b""), KEPT, JOINED),
        "with an empty part at the beginning": kept(pack(b"") + whole, KEPT, JOINED),
        "in many parts": kept(b"".join(pack(TAR[at : at + 100]) for at in range(0, len(TAR), 100)), KEPT, JOINED),
        "one byte short": refused(whole[:-1], truncated),
        "eight bytes short": refused(whole[:-8], truncated),
        "half": refused(whole[: len(whole) // 2], truncated),
        "its second part cut short": refused(first + second[:-3], truncated),
        "text after": refused(whole + b"rm -rf /\n", trailing if kind != "xz" else truncated),
        "a zero after": refused(whole + b"\0", trailing if kind != "xz" else malformed),
        "a tar after": refused(whole + EVIL, trailing if kind != "xz" else malformed),
        "another tar after": refused(whole + pack(EVIL), ("", "tar-trailing")),
        "another compressor after": refused(
            whole + PACK["bz2" if kind == "gz" else "gz"](EVIL), trailing if kind != "xz" else malformed
        ),
        "damaged in the middle": refused(flipped(whole, len(whole) // 2), malformed),
        "a wrong checksum": refused(flipped(whole, {"xz": -28, "gz": -6}.get(kind, -2)), malformed),
        "of nothing": refused(pack(b""), ("", "tar-end-missing")),
        "of zeros": refused(pack(END), ("", "no-files")),
        "of text": refused(pack(b"text\n" * 200), ("", "tar-header")),
        "of itself again": refused(pack(whole), ("", "tar-header")),
        "of a tar cut short": refused(pack(TAR[:-1024]), ("", "tar-end-missing")),
    }
    return {f"{kind}: {name}": case for name, case in cases.items()}


EACH = {name: case for kind, pack in PACK.items() for name, case in ends(kind, pack).items()}

G, X, Z = gz(TAR), lzma.compress(TAR), zst(TAR)
OWN = {
    "gz: a name that goes up": kept(at(G, 3, b"\x08")[:10] + b"../../evil\0" + G[10:], KEPT),
    "gz: a comment, an extra field and a header checksum": kept(
        (head := at(G, 3, b"\x16")[:10] + b"\4\0abcd" + b"comment\0") + struct.pack("<H", zlib.crc32(head) & 0xFFFF) + G[10:], KEPT
    ),
    "gz: a wrong header checksum": refused(at(G, 3, b"\x02")[:10] + b"\0\0" + G[10:], ("", "stream-malformed")),
    "gz: a name without its end": refused(at(G, 3, b"\x08")[:10] + b"n" * 40, ("", "stream-truncated")),
    "gz: another method": refused(at(G, 2, b"\x07"), ("", "stream-malformed")),
    "gz: a wrong length": refused(flipped(G, -1), ("", "stream-malformed")),
    "gz: a distance before the beginning": refused(G[:10] + bytes.fromhex("4b04e20300"), ("", "stream-malformed")),
    "bz2: a block of no kind": refused(at(bz2.compress(TAR), 4, b"\0" * 6), ("", "stream-malformed")),
    "bz2: a block size of zero": refused(at(bz2.compress(TAR), 3, b"0"), ("", "stream-malformed")),
    "xz: padding after the stream": refused(X + bytes(8), ("", "stream-trailing")),
    "xz: padding of no multiple of four": refused(X + bytes(3), ("", "stream-malformed")),
    "xz: a check of no kind": refused(at(X, 7, b"\x0f"), ("", "stream-malformed")),
    "xz: an index that lies": refused(flipped(X, -20), ("", "stream-malformed")),
    "xz: a backward size that lies": refused(at(X, -8, struct.pack("<L", 0x3FFFFFFF)), ("", "stream-malformed")),
    "xz: LZMA alone": refused(b"\xfd7zXZ\0" + lzma.compress(TAR, lzma.FORMAT_ALONE), ("", "stream-malformed")),
    "zst: a skippable frame after": kept(Z + struct.pack("<LL", 0x184D2A50, 4) + b"skip", KEPT, JOINED),
    "zst: a skippable frame that does not end": refused(Z + struct.pack("<LL", 0x184D2A50, 400) + b"skip", ("", "stream-truncated")),
    "zst: a window of 2 GiB": refused(Z[:4] + b"\x04\xa8" + Z[5:], ("", "stream-malformed")),
    "zst: a dictionary": refused(Z[:4] + bytes([Z[4] | 1]) + Z[5:], ("", "stream-malformed")),
    "zst: a reserved bit": refused(Z[:4] + bytes([Z[4] | 8]) + Z[5:], ("", "stream-malformed")),
    "zst: a content size that lies": refused(Z[:4] + Z[4:5] + flipped(Z, 5)[5:], ("", "stream-malformed")),
}  # fmt: skip


@each(EACH | OWN)
def test_a_stream_is_read_whole_or_refused(tmp_path: Path, case: Case) -> None:
    check(meet(tmp_path, case.archive), case)


@pytest.mark.parametrize("archive", [b"\x28\xb5\x2f", b"\x1f", b"", b"\x5d\0\0\x80\0" + bytes(60), b"\x1f\x9d\x90" + bytes(60), b"7z\xbc\xaf\x27\x1c" + bytes(60), b"Rar!\x1a\7\0" + bytes(60), struct.pack("<LL", 0x184D2A50, 4) + b"skip" + Z], ids=["half a zst magic", "half a gz magic", "nothing", "LZMA", "compress", "7z", "rar", "zst: a skippable frame before"])  # fmt: skip
def test_other_formats_are_no_archives(tmp_path: Path, archive: bytes) -> None:
    with pytest.raises(UnusableInputError, match="archive-type-unknown"):
        meet(tmp_path, archive)


@pytest.mark.parametrize("kind", PACK)
def test_a_stream_cut_anywhere_is_never_read_as_whole(tmp_path: Path, kind: str) -> None:
    small = PACK[kind](file(b"f", b"text") + END)
    for length in range(6, len(small)):
        found = meet(tmp_path, small[:length])
        assert [item.rule for item in found.refused] == ["stream-truncated"], length
        assert found.manifest == b""
