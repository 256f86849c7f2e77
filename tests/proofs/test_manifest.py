from __future__ import annotations

import doctest
import hashlib
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transparency.proofs import manifest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.manifest import (
    HEADER,
    ManifestEntry,
    format_line,
    format_manifest,
    manifest_lines,
    parse_manifest,
)

if TYPE_CHECKING:
    from pathlib import Path

ZERO = 64 * "0"
components = st.binary(min_size=1, max_size=6).filter(lambda name: b"/" not in name and name not in {b".", b".."})
paths = st.lists(components, min_size=1, max_size=4).map(b"/".join)


@st.composite
def trees(draw: st.DrawFn) -> list[ManifestEntry]:
    """Sorted entries where no path is a folder of another."""
    kept: dict[bytes, None] = {}
    for path in draw(st.lists(paths, max_size=12)):
        folders = [path[:place] for place in range(len(path)) if path[place : place + 1] == b"/"]
        if not any(folder in kept for folder in folders) and not any(other.startswith(path + b"/") for other in kept):
            kept[path] = None
    hexes, sizes = st.binary(min_size=32, max_size=32).map(bytes.hex), st.integers(0, 10**19 - 1)
    regular = st.builds(ManifestEntry, st.sampled_from(["100644", "100755", "120000"]), hexes, sizes, st.just(b""))
    commits = (st.binary(min_size=20, max_size=20) | st.binary(min_size=32, max_size=32)).map(bytes.hex)
    submodules = st.builds(ManifestEntry, st.just("160000"), commits, st.just(0), st.just(b""))
    bare = [draw(regular | submodules) for _ in kept]
    return [ManifestEntry(e.mode, e.digest, e.size, path) for e, path in zip(bare, sorted(kept), strict=True)]


def refused(body: bytes, *, header: bytes = HEADER) -> str:
    with pytest.raises(EvidenceError) as refusal:
        parse_manifest(header + body)
    return refusal.value.code


def lines_of(*names: bytes) -> bytes:
    return b"".join(format_line(ManifestEntry("100644", ZERO, 0, name)) for name in names)


def test_the_worked_example_of_the_module_holds() -> None:
    assert doctest.testmod(manifest).failed == 0


@given(trees())
@settings(max_examples=120, deadline=None)
def test_any_tree_round_trips(entries: list[ManifestEntry]) -> None:
    data = format_manifest(entries)
    assert parse_manifest(data) == tuple(entries)
    assert format_manifest(parse_manifest(data)) == data
    assert HEADER + b"".join(manifest_lines(data)) == data
    assert len(manifest_lines(data)) == len(entries)
    pattern = re.compile(rb"[0-7]{6} [0-9a-f]{40,64} [0-9]+ (?:[A-Za-z0-9._/+@,=~-]|%[0-9A-F]{2})+")
    assert all(pattern.fullmatch(line) for line in data.split(b"\n")[1:-1])


def test_a_manifest_without_files_is_its_header() -> None:
    assert parse_manifest(HEADER) == ()
    assert format_manifest([]) == HEADER == b"transparency-manifest/v1\n"


def test_paths_are_sorted_by_their_raw_bytes_and_not_by_their_escaped_text() -> None:
    names = sorted([b"a.b", b"a/x", b"a0", b"a b", b"a\xff", b"A"])
    assert names == [b"A", b"a b", b"a.b", b"a/x", b"a0", b"a\xff"]
    assert [entry.path for entry in parse_manifest(HEADER + lines_of(*names))] == names
    # The order of the escaped text: % comes before every letter.
    assert refused(lines_of(b"A", b"a b", b"a\xff", b"a.b")) == "manifest-order"


def test_digests_and_sizes_agree_with_sha256sum_and_the_disk(tmp_path: Path) -> None:
    contents = {b"empty": b"", b"d/a b": b"text\n", b"d/\xc3\xa9": b"\x00\xff" * 999, b"z": b"no newline"}
    for name, content in contents.items():
        file = tmp_path / name.decode()
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    data = format_manifest(
        ManifestEntry("100644", hashlib.sha256(content).hexdigest(), len(content), name)
        for name, content in sorted(contents.items())
    )
    tool = shutil.which("sha256sum")
    assert tool
    for entry in parse_manifest(data):
        answer = subprocess.run([tool, "-z", entry.path], cwd=tmp_path, capture_output=True, check=True).stdout
        assert answer == entry.digest.encode() + b"  " + entry.path + b"\0"
        assert (tmp_path / entry.path.decode()).stat().st_size == entry.size
    whole = subprocess.run([tool], input=data, capture_output=True, check=True).stdout
    assert whole.split()[0].decode() == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"transparency-manifest/v2\n",
        b"transparency-manifest/v1",
        b"transparency-manifest/v1\r\n",
        b"\n",
        b" " + HEADER,
    ],
)
def test_another_header_is_refused(header: bytes) -> None:
    assert refused(b"", header=header) == "manifest-header"


@pytest.mark.parametrize(
    "line",
    [
        f"100644 {ZERO} 0 a",
        f"100644 {ZERO} 0 a\n\n",
        f"100644 {ZERO} 0 a\r\n",
        f"100600 {ZERO} 0 a\n",
        f"040000 {ZERO} 0 a\n",
        f"100644 {ZERO} 00 a\n",
        f"100644 {ZERO} 01 a\n",
        f"100644 {ZERO} -1 a\n",
        f"100644 {ZERO} +1 a\n",
        f"100644 {ZERO} 1e3 a\n",
        f"100644 {ZERO} 10000000000000000000 a\n",
        f"100644 {ZERO} ١ a\n",
        f"100644 {40 * '0'} 0 a\n",
        f"120000 {40 * '0'} 0 a\n",
        f"100644 {64 * 'A'} 0 a\n",
        f"100644 {63 * '0'} 0 a\n",
        f"160000 {40 * '0'} 1 a\n",
        f"160000 {50 * '0'} 0 a\n",
        f"100644  {ZERO} 0 a\n",
        f" 100644 {ZERO} 0 a\n",
        f"100644 {ZERO} 0 a \n",
        f"100644 {ZERO} 0 a b\n",
        f"100644\t{ZERO}\t0\ta\n",
        f"100644 {ZERO} 0 \n",
        f"100644 {ZERO} 0 é\n",
        f"100644 {ZERO} 0\n",
        "# comment\n",
    ],
)
def test_a_line_that_is_not_exactly_one_of_the_format_is_refused(line: str) -> None:
    assert refused(line.encode()) == "manifest-line"


def test_another_spelling_of_a_path_is_refused() -> None:
    for spelling in ("%61", "a%2fb", "a%2Fb", "a%", "a%2"):
        assert refused(f"100644 {ZERO} 0 {spelling}\n".encode()) == "path-escaping"


@pytest.mark.parametrize("path", [b"/a", b"a/", b"a//b", b".", b"..", b"./a", b"a/.", b"a/../b", b"../a", b"/"])
def test_a_path_that_is_not_plainly_inside_the_tree_is_refused(path: bytes) -> None:
    assert refused(lines_of(path)) == "manifest-path"


def test_lines_out_of_order_or_twice_are_refused() -> None:
    assert refused(lines_of(b"b", b"a")) == "manifest-order"
    assert refused(lines_of(b"a", b"a")) == "manifest-order"
    assert refused(lines_of(b"a/b", b"a.b")) == "manifest-order"


def test_a_file_that_is_a_folder_as_well_is_refused_also_where_other_names_sort_between() -> None:
    assert refused(lines_of(b"a", b"a/b")) == "manifest-path"
    assert refused(lines_of(b"a", b"a.b", b"a/b/c")) == "manifest-path"
    assert refused(lines_of(b"a/b", b"a/b.c", b"a/b/c/d/e")) == "manifest-path"
