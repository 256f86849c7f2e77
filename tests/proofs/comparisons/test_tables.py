"""Two file tables side by side: every file is in exactly one class, whatever the trees are; a plain dictionary is the oracle."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.proofs.comparisons.tables import table_of
from transparency.proofs.comparisons.tables import TreeCounts, compare_tables

PATHS = st.sampled_from([b"a", b"b", b"d/a", b"d/b", b"d.x", b"d/e/c", b"z"])
CONTENTS = st.sampled_from([b"", b"one", b"two", b"three"])
TREES = st.dictionaries(PATHS, CONTENTS)
MODES = st.dictionaries(PATHS, st.sampled_from([0o100644, 0o100755, 0o120000]))


def test_each_kind_of_difference_is_told_apart() -> None:
    first = table_of({b"same": b"s", b"changed": b"1", b"run": b"x", b"gone": b"g", b"old/name": b"n"})
    second = table_of(
        {b"same": b"s", b"changed": b"2", b"run": b"x", b"come": b"c", b"new/name": b"n"}, {b"run": 0o100755}
    )
    found = compare_tables(first, second)
    named = [
        [(first.path(one), second.path(other)) for one, other in rows]
        for rows in (found.contents, found.modes, found.moved)
    ]
    assert named == [[(b"changed", b"changed")], [(b"run", b"run")], [(b"old/name", b"new/name")]]
    assert [first.path(row) for row in found.only_first] == [b"gone"]
    assert [second.path(row) for row in found.only_second] == [b"come"]
    assert found.counts == TreeCounts(same=1, changed=2, moved=1, only_first=1, only_second=1)
    assert not found.counts.is_equal


def test_a_tree_equals_itself_in_a_subfolder() -> None:
    files = {b"a": b"1", b"d/b": b"2"}
    inside = {b"top/" + path: content for path, content in files.items()} | {b"top.x": b"no part of it", b"other": b""}
    found = compare_tables(table_of(files), table_of(inside), second_below=b"top")
    assert found.counts == TreeCounts(2, 0, 0, 0, 0)
    assert found.counts.is_equal


def test_a_moved_file_goes_with_its_name_where_several_have_its_content() -> None:
    first, second = table_of({b"lib/b.c": b"x"}), table_of({b"src/a.c": b"x", b"src/b.c": b"x"})
    found = compare_tables(first, second)
    assert [(first.path(one), second.path(other)) for one, other in found.moved] == [(b"lib/b.c", b"src/b.c")]
    assert [second.path(row) for row in found.only_second] == [b"src/a.c"]


def test_an_empty_file_or_one_of_another_mode_never_counts_as_moved() -> None:
    empty = compare_tables(table_of({b"a": b""}), table_of({b"b": b""}))
    link = compare_tables(table_of({b"a": b"x"}), table_of({b"b": b"x"}, {b"b": 0o120000}))
    assert (len(empty.moved), len(link.moved)) == (0, 0)
    assert (len(link.only_first), len(link.only_second)) == (1, 1)


@given(TREES, TREES, MODES, MODES)
def test_every_file_is_in_exactly_one_class(
    left: dict[bytes, bytes], right: dict[bytes, bytes], left_modes: dict[bytes, int], right_modes: dict[bytes, int]
) -> None:
    first, second = table_of(left, left_modes), table_of(right, right_modes)
    found = compare_tables(first, second)
    shared = set(left) & set(right)

    def mode(modes: dict[bytes, int], path: bytes) -> int:
        return modes.get(path, 0o100644)

    contents = {path for path in shared if left[path] != right[path]}
    modes = {path for path in shared - contents if mode(left_modes, path) != mode(right_modes, path)}
    assert {first.path(one) for one, _ in found.contents} == contents
    assert {first.path(one) for one, _ in found.modes} == modes
    assert found.same == len(shared - contents - modes)
    gone = [first.path(row) for row in found.only_first] + [first.path(one) for one, _ in found.moved]
    come = [second.path(row) for row in found.only_second] + [second.path(other) for _, other in found.moved]
    assert sorted(gone) == sorted(set(left) - shared)
    assert sorted(come) == sorted(set(right) - shared)
    for one, other in found.moved:
        assert left[first.path(one)] == right[second.path(other)] != b""
        assert mode(left_modes, first.path(one)) == mode(right_modes, second.path(other))
