"""Bombs, and files too large to be held whole."""

from __future__ import annotations

import hashlib
import io

import pytest

from tests.proofs.sources.tars import (
    END,
    PlainStream,
    file,
    folder,
    gnu_long,
    hardlink,
    header,
    long_file,
    pax,
    rules,
    symlink,
    take,
)
from tests.proofs.sources.trees import entries_of
from transparency.proofs.filetable import FileTable
from transparency.proofs.manifest import parse_manifest
from transparency.proofs.sources import bounds, intake
from transparency.proofs.sources.archive import WHOLE_BYTES
from transparency.proofs.sources.intake import Intake, take_in
from transparency.proofs.sources.membersource import Limits, Progress, TarSource


def paths(found: Intake) -> list[bytes]:
    assert rules(found) == []
    return [entry.path for entry in parse_manifest(found.manifest)]


class TestLimits:
    def test_each_limit_is_admitted_and_one_more_is_refused(self) -> None:
        three = [file(b"a", 3 * b"x"), file(b"b", 3 * b"y"), file(b"c", 3 * b"z")]
        assert paths(take(*three, limits=Limits(members=3, content=9, member=3))) == [b"a", b"b", b"c"]
        assert rules(take(*three, limits=Limits(members=2))) == [("", "limit-members")]
        assert rules(take(*three, limits=Limits(content=8))) == [("c", "limit-content")]
        assert rules(take(*three, limits=Limits(member=2))) == [("a", "limit-member")]

    def test_folders_and_links_count_as_members(self) -> None:
        for member in (folder(b"d"), symlink(b"s", b"a"), hardlink(b"h", b"a")):
            assert rules(take(file(b"a"), member, limits=Limits(members=1))) == [("", "limit-members")]

    def test_hard_links_count_the_content_that_they_stand_for(self) -> None:
        links = [hardlink(b"h%d" % number, b"a") for number in range(4)]
        assert rules(take(file(b"a", 100 * b"x"), *links, limits=Limits(content=499))) == [("", "limit-content")]

    def test_a_large_member_is_refused_before_it_is_read(self) -> None:
        found = take(header(b"a", size=WHOLE_BYTES + 1), end=b"", limits=Limits(member=1000))
        assert rules(found) == [("a", "limit-member")]
        found = take(header(b"a", size=WHOLE_BYTES + 1), end=b"", limits=Limits(content=1000))
        assert rules(found) == [("a", "limit-content")]

    def test_names_are_bounded_because_they_stay_in_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(intake, "MAX_NAME_BYTES", 1000)
        members = [long_file(b"%d" % number + 200 * b"n") for number in range(6)]
        assert rules(take(*members)) == [("", "limit-names")]
        assert rules(take(file(b"a"), gnu_long(1001 * b"t", b"K"), symlink(b"s", b""))) == [("", "limit-names")]

    @pytest.mark.parametrize(
        "bomb",
        [
            file(b"small") + file(b"zeros", bytes(3_000_000)),
            header(b"large", size=64 * 1024**2) + bytes(64 * 1024**2),
            b"".join(pax({b"comment": bytes(500_000)}) for _ in range(20)) + file(b"a"),
            file(b"a") + END + bytes(32 * 1024**2),
        ],
        ids=["a file", "a large file", "extension headers", "zeros after the end"],
    )
    def test_a_bomb_stops_wherever_it_lies(self, bomb: bytes) -> None:
        stream = PlainStream(bomb + END, compressed_to=5_000)
        limits = Limits(ratio=200, ratio_from=500_000)
        found = take_in(TarSource(stream, limits), io.BytesIO(), limits=limits)
        assert rules(found) == [("", "limit-ratio")]
        assert stream.read(1)

    def test_a_high_ratio_is_fine_while_little_has_come_out(self) -> None:
        stream = PlainStream(file(b"zeros", bytes(3_000_000)) + END, compressed_to=1)
        assert paths(take_in(TarSource(stream, Limits()), io.BytesIO())) == [b"zeros"]

    def test_headers_without_members_have_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bounds, "MAX_END_BYTES", 10_000)
        comments = b"".join(pax({b"comment": b"x" * 900}, b"g") for _ in range(200))
        found = take(comments, file(b"a"), limits=Limits(content=10, members=3))
        assert rules(found) == [("", "limit-content")]


class TestLargeFiles:
    def test_they_get_the_ids_that_small_ones_get(self) -> None:
        for content in (
            b"line\n" * (WHOLE_BYTES // 5 + 1),
            b"x" * 9000 + bytes(WHOLE_BYTES),
            b"\0" + b"\n" * WHOLE_BYTES,
        ):
            pack = io.BytesIO()
            found = take(file(b"a", content), file(b"b"), pack=pack)
            row = FileTable(found.file_table).entry(0)
            [expected, _] = entries_of({b"a": (0o100644, content), b"b": (0o100644, b"")})
            binary = b"\0" in content[:8000]
            assert (row.sha1, row.sha256, row.size, row.binary) == (
                expected.sha1,
                expected.sha256,
                len(content),
                binary,
            )
            assert row.lines == (0 if binary else content.count(b"\n") + (not content.endswith(b"\n")))

    def test_exactly_the_limit_of_whole_files_takes_both_ways(self) -> None:
        for size in (WHOLE_BYTES - 1, WHOLE_BYTES, WHOLE_BYTES + 1):
            row = FileTable(take(file(b"a", b"y" * size)).file_table).entry(0)
            [expected] = entries_of({b"a": (0o100644, b"y" * size)})
            assert row == expected

    def test_the_same_large_content_again_leaves_no_trace_in_the_pack(self) -> None:
        content = hashlib.sha256(b"seed").digest() * (WHOLE_BYTES // 32 + 1)
        once, twice = io.BytesIO(), io.BytesIO()
        take(file(b"a", content), pack=once)
        take(file(b"a", content), file(b"b", content), file(b"c", content), pack=twice)
        assert abs(len(twice.getvalue()) - len(once.getvalue())) < 200

    def test_one_cut_short_is_refused(self) -> None:
        data = header(b"large", size=WHOLE_BYTES + 100) + bytes(WHOLE_BYTES)
        assert rules(take(data, end=b"")) == [("", "tar-truncated")]

    def test_progress_is_told_inside_of_one(self) -> None:
        seen: list[Progress] = []
        take(file(b"a", bytes(WHOLE_BYTES + 1)), progress=seen.append)
        assert len({progress.bytes for progress in seen}) > 5
        assert seen[-1].members == 1
        assert seen[-1].bytes == WHOLE_BYTES + 1
