from __future__ import annotations

import doctest
import hashlib
import mmap
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transparency.proofs import languages
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.filetable import FileEntry, FileTable, FolderEntry, Listing, format_file_table
from transparency.proofs.languages import language_of

if TYPE_CHECKING:
    from pathlib import Path

components = st.sampled_from([b"a", b"b", b"a.b", b"a0", b"a b", b"\xff", b"main.c", b"x.py", b"-", b"~"])
paths = st.lists(components, min_size=1, max_size=5).map(b"/".join)


def test_languages_are_told_by_names_alone() -> None:
    assert doctest.testmod(languages).failed == 0
    for name in (b"", b".c", b"c", b"a.", b"a.\xff", b"d.py/x", b"a.c~"):
        assert language_of(name) == ""
    assert [language_of(name) for name in (b"A.PY", b"d/CMakeLists.txt", b"x.tar.c")] == ["python", "cmake", "c"]


def entry_of(path: bytes, number: int = 0) -> FileEntry:
    seed = hashlib.sha256(path + number.to_bytes(4, "big")).digest()
    return FileEntry(
        path=path,
        mode=(0o100644, 0o100755, 0o120000, 0o160000)[seed[0] % 4],
        sha256=Digest(seed),
        sha1=seed[:20],
        size=int.from_bytes(seed[:5], "big"),
        lines=seed[5],
        binary=bool(seed[6] & 1),
        language=language_of(path),
    )


def tree_of(names: set[bytes]) -> list[FileEntry]:
    kept = [name for name in names if not any(other.startswith(name + b"/") for other in names)]
    return [entry_of(name) for name in sorted(kept)]


trees = st.sets(paths, max_size=25).map(tree_of)


def naive_totals(entries: list[FileEntry], folder: bytes) -> FolderEntry:
    below = [entry for entry in entries if not folder or entry.path.startswith(folder + b"/")]
    return FolderEntry(folder, len(below), sum(e.size for e in below), sum(e.lines for e in below))


def naive_listing(entries: list[FileEntry], folder: bytes) -> Listing:
    prefix = folder + b"/" if folder else b""
    below = [entry for entry in entries if entry.path.startswith(prefix)]
    names = {entry.path[len(prefix) :] for entry in below}
    folders = sorted({prefix + name.split(b"/")[0] for name in names if b"/" in name})
    files = [entry for entry in below if b"/" not in entry.path[len(prefix) :]]
    return Listing(tuple(naive_totals(entries, name) for name in folders), tuple(files))


def folders_of(entries: list[FileEntry]) -> set[bytes]:
    found = {b""}
    for entry in entries:
        pieces = entry.path.split(b"/")[:-1]
        found |= {b"/".join(pieces[: depth + 1]) for depth in range(len(pieces))}
    return found


@given(trees)
@settings(max_examples=120, deadline=None)
def test_rows_listings_and_totals_agree_with_naive_loops(entries: list[FileEntry]) -> None:
    table = FileTable(format_file_table(entries))
    assert len(table) == len(entries)
    assert list(table) == entries
    for folder in folders_of(entries) | {b"absent", b"a/absent"}:
        assert list(table.below(folder)) == [e for e in entries if not folder or e.path.startswith(folder + b"/")]
        assert table.totals(folder) == naive_totals(entries, folder)
        assert table.listing(folder) == naive_listing(entries, folder)
    for entry in entries:
        assert table.find(entry.path) == entry
        assert table.find(entry.path + b"x") is None
        assert table.find(entry.path[:-1]) is None or entry.path[:-1] in {other.path for other in entries}


def test_a_folder_beside_names_that_sort_around_its_slash_is_listed_whole() -> None:
    entries = tree_of({b"a.b", b"a/x", b"a/y/z", b"a0", b"a-", b"a.b.c/q", b"a/y.z"})
    table = FileTable(format_file_table(entries))
    listing = table.listing(b"")
    assert [folder.path for folder in listing.folders] == [b"a", b"a.b.c"]
    assert [file.path for file in listing.files] == [b"a-", b"a.b", b"a0"]
    assert [file.path for file in table.below(b"a")] == [b"a/x", b"a/y.z", b"a/y/z"]
    assert [folder.path for folder in table.listing(b"a").folders] == [b"a/y"]


def test_a_table_is_read_in_place_from_a_mapped_file(tmp_path: Path) -> None:
    names = {b"d%d/f%d.c" % (number % 40, number) for number in range(4001)}
    entries = tree_of(names)
    file = tmp_path / "table"
    file.write_bytes(format_file_table(entries))
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as view:
        table = FileTable(view)
        assert list(table) == entries
        assert len(table.listing(b"").folders) == 40
        del table


def test_an_empty_table_has_no_rows() -> None:
    table = FileTable(format_file_table([]))
    assert (len(table), list(table), table.find(b"a")) == (0, [], None)
    assert table.listing(b"") == Listing((), ())
    assert table.totals(b"") == FolderEntry(b"", 0, 0, 0)


@settings(max_examples=60, deadline=None)
@given(st.sets(paths, max_size=30), paths)
def test_files_are_found_by_the_end_of_their_path_in_whole_components(names: set[bytes], wanted: bytes) -> None:
    tree = {name for name in names if not any(other.startswith(name + b"/") for other in names)}
    table = FileTable(format_file_table(tree_of(tree)))
    found = [entry.path for entry in table.ending(wanted, limit=50)]
    assert len(found) == len(set(found))
    assert set(found) == {name for name in tree if name == wanted or name.endswith(b"/" + wanted)}
    assert len(table.ending(wanted, limit=1)) == min(1, len(found))
    assert len(table.ending(wanted, limit=50, tries=0)) <= 1


def test_files_are_found_by_their_content_and_by_nothing_between_two() -> None:
    entries = tree_of({b"a", b"b/c", b"d"})
    table = FileTable(format_file_table(entries))
    for entry in entries:
        assert [each.path for each in table.with_content(entry.sha256.raw, limit=9)] == [entry.path]
        assert [each.path for each in table.with_content(entry.sha1, limit=9)] == [entry.path]
    assert table.with_content(bytes(32), limit=9) == []
    across = entries[0].sha256.raw[16:] + entries[1].sha256.raw[:16]
    assert table.with_content(across, limit=9) == []


def test_a_table_that_was_cut_lengthened_or_is_of_another_version_is_refused() -> None:
    data = format_file_table(tree_of({b"a/b", b"c"}))
    damaged = [b"", data[:10], data[:63], data[:64], data[:-1], data + b"\0", b"x" + data[1:]]
    damaged.append(data[:32] + (1 << 62).to_bytes(8, "little") + data[40:])
    damaged.append(data[:56] + b"\1" + data[57:])
    for one in damaged:
        with pytest.raises(EvidenceError) as refusal:
            FileTable(one)
        assert refusal.value.code == "filetable-malformed"


def test_a_random_damage_of_the_columns_never_reads_outside_the_table() -> None:
    data = format_file_table(tree_of({b"a/b.c", b"c", b"d.py", b"long/er/path"}))
    generator = random.Random(7)
    for _ in range(300):
        one = bytearray(data)
        one[generator.randrange(64, len(data))] ^= 1 << generator.randrange(8)
        try:
            list(FileTable(bytes(one)))
        except (EvidenceError, IndexError):
            continue


def test_a_row_in_a_language_that_the_table_does_not_name_is_refused() -> None:
    entry = FileEntry(b"a", 0o100644, Digest(bytes(32)), bytes(20), 3, 1, binary=False, language="python")
    data = bytearray(format_file_table([entry]))
    data[-len(b"\0\0a\npython")] = 2
    with pytest.raises(EvidenceError) as refusal:
        list(FileTable(bytes(data)))
    assert refusal.value.code == "filetable-malformed"
