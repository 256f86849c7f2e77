"""Bytes without lines: what they begin like, hex rows, printable runs, entropy; at their edges."""

from __future__ import annotations

import random

from reviews.rules.opaque import LONGEST_SHOWN, SAMPLE_BYTES, begins_like, entropies, hex_rows, printable_runs


def test_beginnings_are_judged_by_their_bytes_and_place_alone() -> None:
    assert begins_like(b"\x89PNG\r\n\x1a\n" + bytes(9)) == "PNG image"
    assert begins_like(b"x\x89PNG\r\n\x1a\n") == ""
    assert begins_like(bytes(257) + b"ustar\0") == "tar archive"
    assert begins_like(b"") == ""
    assert begins_like(b"!<arch>\ndebian-binary") == "Debian package"


def test_hex_rows_give_every_byte_once() -> None:
    data = random.Random(1).randbytes(1000)
    rows = hex_rows(data, 0, 5000)
    assert bytes.fromhex(" ".join(" ".join(row.octets) for row in rows)) == data
    assert [row.offset for row in rows] == list(range(0, 1000, 16))
    assert {len(row.chars[0] + row.chars[1]) for row in rows[:-1]} == {16}
    assert all(char == "·" or " " <= char <= "~" for row in rows for half in row.chars for char in half)
    assert hex_rows(data, 992, 4096) == rows[-1:]
    assert hex_rows(b"", 0, 16) == ()


def test_runs_are_found_page_after_page_and_cut() -> None:
    data = b"".join(b"\0text%04d" % n for n in range(10)) + b"\0abc\0" + b"z" * 5000
    first = printable_runs(data, 0, 6)
    rest = printable_runs(data, first.after or 0, 6)
    assert [run.text for run in (*first.runs, *rest.runs)][:10] == [f"text{n:04d}" for n in range(10)]
    assert rest.after is None
    assert rest.runs[-1].text == "z" * LONGEST_SHOWN
    assert printable_runs(data, 10**9, 6).runs == ()


def test_entropy_is_that_of_each_block() -> None:
    chance = random.Random(2).randbytes(64 * SAMPLE_BYTES)
    assert all(7.9 < bits <= 8 for bits in entropies(chance, 64))
    assert entropies(bytes(1000), 10) == (0.0,) * 10
    assert entropies(b"", 64) == ()
    assert len(entropies(b"abc", 64)) == 3
