"""Bombs: much out of little by every compressor, and more members than anybody reads. Stopped at their limit, told as one."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tracemalloc
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest
import zstandard

from tests.hostile.cases import Case, check, kept, meet, refused
from tests.proofs.sources.tars import END, file, header, pax
from tests.proofs.sources.zips import DEFLATE, Entry, central_header, deflate, end_record, local_header, make_zip
from transparency.proofs.sources.membersource import Limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MIB = 1024 * 1024
BOMB = 80 * MIB  # beyond the 64 MiB from which the ratio counts
RATIO = ("", "limit-ratio")

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": lambda data: gzip.compress(data, 6, mtime=0),
    "bz2": lambda data: bz2.compress(data, 9),
    "xz": lambda data: lzma.compress(data, preset=1),
    "zst": lambda data: zstandard.ZstdCompressor(level=1).compress(data),
}


def one_file() -> bytes:
    return header(b"zeros", size=BOMB) + bytes(BOMB) + END


def many_files() -> bytes:
    return b"".join(file(b"%d" % number, bytes(MIB - 512)) for number in range(BOMB // MIB)) + END


def names() -> bytes:
    """Most of it is in headers that name no file."""
    long = pax({b"comment": b"c" * (MIB - 4096)})
    return b"".join(long + file(b"%d" % number) for number in range(BOMB // MIB)) + END


def zeros_after() -> bytes:
    return file(b"f") + END + bytes(BOMB)


def zip_of_one() -> bytes:
    return make_zip(Entry(b"zeros", bytes(BOMB), DEFLATE))


def zip_of_many() -> bytes:
    packed, entry = deflate(bytes(MIB)), Entry(b"0", bytes(MIB), DEFLATE)
    return make_zip(*(replace(entry, name=b"%d" % number, packed=packed) for number in range(BOMB // MIB)))


def zip_overlapped() -> bytes:
    """Fifield 2019, full overlap: a thousand directory entries for one local entry."""
    entry = Entry(b"0", bytes(MIB), DEFLATE)
    body = local_header(entry) + entry.data
    listed = b"".join(central_header(replace(entry, name=b"%d" % number), 0) for number in range(1000))
    return body + listed + end_record(1000, len(listed), len(body))


# Made when asked for: they are small only once they are packed.
BOMBS: dict[str, tuple[Callable[[], bytes], tuple[bytes | str, str]]] = {
    "gz: one file": (lambda: PACK["gz"](one_file()), RATIO),
    "bz2: one file": (lambda: PACK["bz2"](one_file()), RATIO),
    "xz: one file": (lambda: PACK["xz"](one_file()), RATIO),
    "zst: one file": (lambda: PACK["zst"](one_file()), RATIO),
    "gz: many files": (lambda: PACK["gz"](many_files()), RATIO),
    "zst: extension headers": (lambda: PACK["zst"](names()), RATIO),
    "zst: zeros after the end": (lambda: PACK["zst"](zeros_after()), RATIO),
    "gz within gz": (lambda: PACK["gz"](PACK["gz"](one_file())), (b"\x1f\x8b\x08", "tar-checksum")),
    "zip: one file": (zip_of_one, RATIO),
    "zip: many files": (zip_of_many, RATIO),
    "zip: overlapped": (zip_overlapped, ("1", "zip-overlap")),
}


@cache
def bomb(name: str) -> Case:
    make, finding = BOMBS[name]
    return refused(make(), finding)


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_stopped_as_one(tmp_path: Path, name: str) -> None:
    case = bomb(name)
    assert len(case.archive) < 2 * MIB
    check(meet(tmp_path, case.archive), case)


def test_a_bomb_does_not_fill_the_memory(tmp_path: Path) -> None:
    archives = [bomb(name).archive for name in BOMBS]
    tracemalloc.start()
    for archive in archives:
        meet(tmp_path, archive)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 24 * MIB


def empties(count: int, *, kind: str) -> bytes:
    if kind == "zip":
        return make_zip(*(Entry(b"%07d" % number) for number in range(count)))
    return b"".join(header(b"%07d" % number) for number in range(count)) + END


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_one_empty_member_too_many_is_refused_and_no_fewer(tmp_path: Path, kind: str) -> None:
    few = Limits(members=1000)
    check(meet(tmp_path, empties(1001, kind=kind), few), refused(b"", ("", "limit-members")))
    whole = {b"%07d" % number: b"" for number in range(1000)}
    check(meet(tmp_path, empties(1000, kind=kind), few), kept(b"", whole))
