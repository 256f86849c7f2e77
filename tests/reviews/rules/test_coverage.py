"""What counts as read, against a slow and obvious count of (file, line, person)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.rules.anchor import Region
from reviews.rules.coverage import LEVELS, Mark, ScopedFile, ScopedTree, Share, cover

_LINES = {"aa": 10, "bb": 3, "cc": 0, "dd": None}
files = st.dictionaries(
    st.sampled_from(["a", "b", "x/a", "x/b", "x/y/a", "x/y/b", "z/q/r/a"]), st.sampled_from(sorted(_LINES)), max_size=7
).map(lambda named: [ScopedFile(path, blob, 7, _LINES[blob]) for path, blob in sorted(named.items())])
marks = st.lists(
    st.builds(
        lambda blob, start, more, level, person: Mark(blob, Region(start, start + more), level, person),
        st.sampled_from([*_LINES, "elsewhere"]),
        st.integers(1, 12),
        st.integers(0, 6),
        st.sampled_from(LEVELS),
        st.integers(1, 3),
    ),
    max_size=10,
)


def count(files: list[ScopedFile], marks: list[Mark]) -> Share:
    readers: dict[tuple[str, int], set[int]] = {}
    looked: set[tuple[str, int]] = set()
    for file in files:
        for line in range(1, (file.lines or 0) + 1):
            at = [mark for mark in marks if mark.blob == file.blob and mark.region.start <= line <= mark.region.end]
            readers[file.path, line] = {mark.person for mark in at if mark.level in {"read", "examined"}}
            if at and not readers[file.path, line]:
                looked.add((file.path, line))
    return Share(
        files=len(files),
        text_files=sum(file.lines is not None for file in files),
        in_scope=len(readers),
        read=sum(bool(people) for people in readers.values()),
        read_twice=sum(len(people) > 1 for people in readers.values()),
        skimmed=len(looked),
        opaque_files=sum(file.lines is None for file in files),
        opaque_bytes=sum(file.size for file in files if file.lines is None),
    )


@given(files=files, marks=marks)
@settings(max_examples=300, deadline=None)
def test_the_share_is_the_obvious_count(files: list[ScopedFile], marks: list[Mark]) -> None:
    assert cover(files, marks) == count(files, marks)


@given(files=files, marks=marks)
@settings(max_examples=100, deadline=None)
def test_each_folder_has_the_share_of_what_is_below_it(files: list[ScopedFile], marks: list[Mark]) -> None:
    reading = ScopedTree(files).reading(marks)
    for folder in ("", "x", "x/y", "z", "z/q", "z/q/r", "absent"):
        below = [file for file in files if not folder or file.path.startswith(folder + "/")]
        assert reading.share_of(folder) == count(below, marks)
    for file in files:
        assert reading.share_of_file(file) == count([file], marks)


def test_the_same_lines_marked_five_times_count_once() -> None:
    again = [Mark("aa", Region(2, 4), "read", 1)] * 5
    share = cover([ScopedFile("a", "aa", 100, 10)], again)
    assert (share.read, share.read_twice, share.unread) == (3, 0, 7)


def test_one_person_reading_twice_is_not_two_people() -> None:
    assert (
        cover(
            [ScopedFile("a", "aa", 1, 10)],
            [Mark("aa", Region(1, 5), "read", 1), Mark("aa", Region(1, 5), "examined", 1)],
        ).read_twice
        == 0
    )


def test_three_people_on_one_line_count_once_as_read_twice() -> None:
    assert (
        cover(
            [ScopedFile("a", "aa", 1, 10)], [Mark("aa", Region(1, 1), "read", person) for person in (1, 2, 3)]
        ).read_twice
        == 1
    )


def test_skimming_is_not_reading() -> None:
    share = cover([ScopedFile("a", "aa", 100, 10)], [Mark("aa", Region(1, 10), "skimmed", 1)])
    assert (share.read, share.skimmed) == (0, 10)


def test_one_content_at_two_paths_counts_for_each_file_in_scope() -> None:
    share = cover(
        [ScopedFile("a", "aa", 100, 10), ScopedFile("b", "aa", 100, 10)], [Mark("aa", Region(1, 5), "read", 1)]
    )
    assert (share.in_scope, share.read) == (20, 10)


def test_a_mark_on_a_file_out_of_scope_counts_nothing() -> None:
    assert cover([ScopedFile("a", "aa", 100, 10)], [Mark("bb", Region(1, 3), "read", 1)]).read == 0


def test_a_mark_past_the_end_counts_only_the_lines_that_are_there() -> None:
    assert (
        cover(
            [ScopedFile("a", "aa", 100, 10)],
            [Mark("aa", Region(8, 4000), "read", 1), Mark("aa", Region(11, 12), "read", 1)],
        ).read
        == 3
    )


def test_opaque_files_are_counted_in_bytes_and_never_in_lines() -> None:
    share = cover([ScopedFile("a.png", "dd", 4096, None)], [Mark("dd", Region(1, 3), "read", 1)])
    assert (share.in_scope, share.read, share.opaque_bytes) == (0, 0, 4096)


def test_nothing_in_scope_is_a_share_of_nothing() -> None:
    assert cover([], []) == Share()
