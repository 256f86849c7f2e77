"""RFC 6962 proofs against published vectors, a naive tree, and cheats."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.merkle import (
    EMPTY_ROOT,
    check_consistency,
    check_inclusion,
    inclusion_path,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    root_at,
    root_of,
)
from transparency.proofs.log.tiles import (
    Bundle,
    Tile,
    TileHashes,
    bundles_to_write,
    format_entries,
    parse_entries,
    parse_tile_path,
    tiles_to_write,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def decode(text: str | None) -> bytes:
    return base64.b64decode(text) if text else b""


def verdicts(folder: Path, check: Callable[[dict[str, Any]], None]) -> tuple[int, list[str]]:
    """How many vectors, and which came out other than they say."""
    wrong = []
    files = sorted(folder.rglob("*.json"))
    for file in files:
        vector = json.loads(file.read_text())
        try:
            check(vector)
            refused = False
        except EvidenceError:
            refused = True
        if refused != vector["wantErr"]:
            wrong.append(f"{file.relative_to(folder)}: {vector['desc']}")
    return len(files), wrong


def test_all_published_inclusion_vectors(vectors: Callable[[str], Path]) -> None:
    def check(vector: dict[str, Any]) -> None:
        proof = [decode(item) for item in vector["proof"] or []]
        check_inclusion(
            vector["leafIdx"], vector["treeSize"], decode(vector["leafHash"]), proof, decode(vector["root"])
        )

    assert verdicts(vectors("merkle") / "inclusion", check) == (98, [])


def test_all_published_consistency_vectors(vectors: Callable[[str], Path]) -> None:
    def check(vector: dict[str, Any]) -> None:
        proof = [decode(item) for item in vector["proof"] or []]
        check_consistency(vector["size1"], vector["size2"], proof, decode(vector["root1"]), decode(vector["root2"]))

    assert verdicts(vectors("merkle") / "consistency", check) == (98, [])


@given(st.lists(st.binary(max_size=8), max_size=70))
@settings(max_examples=60, deadline=None)
def test_roots_equal_the_definition(leaves: list[bytes]) -> None:
    assert root_of([leaf_hash(leaf) for leaf in leaves]) == naive_root(leaves)


def log_of(size: int) -> tuple[list[bytes], TileHashes]:
    """Leaf hashes of a log, and a reader over its tiles."""
    leaves = [leaf_hash(str(number).encode()) for number in range(size)]
    levels = [leaves]
    while len(levels[-1]) >= 256:
        below = levels[-1]
        levels.append([root_of(below[n : n + 256]) for n in range(0, len(below) - 255, 256)])
    store = {
        tile.path: b"".join(levels[tile.level][256 * tile.index : 256 * tile.index + tile.width])
        for tile in tiles_to_write(0, size)
    }
    return leaves, TileHashes(lambda tile: store[tile.path], size)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 513, 65_536, 65_793])
def test_proofs_from_tiles_hold(size: int) -> None:
    leaves, read = log_of(size)
    root = root_of(leaves)
    assert root_at(size, read) == root
    for index in {0, 1, size // 2, size - 1, min(255, size - 1), min(256, size - 1)}:
        check_inclusion(
            min(index, size - 1),
            size,
            leaves[min(index, size - 1)],
            prove_inclusion(min(index, size - 1), size, read),
            root,
        )
    for old in {1, size // 2 or 1, max(size - 1, 1), min(256, size), size}:
        check_consistency(old, size, prove_consistency(old, size, read), root_of(leaves[:old]), root)


@given(st.integers(1, 80), st.data())
@settings(max_examples=100, deadline=None)
def test_every_change_of_a_proof_is_noticed(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    root, proof = root_of(leaves), inclusion_path(leaves, index)
    check_inclusion(index, size, leaves[index], proof, root)
    cheats = [
        partial(check_inclusion, index, size, leaf_hash(b"another"), proof, root),
        partial(check_inclusion, index, size, leaves[index], [*proof, root], root),
        partial(check_inclusion, index, size, leaves[index], proof, bytes(32)),
        partial(check_inclusion, size, size, leaves[index], proof, root),
    ]
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        flipped = bytes([proof[place][0] ^ 1]) + proof[place][1:]
        cheats.append(
            partial(check_inclusion, index, size, leaves[index], [*proof[:place], flipped, *proof[place + 1 :]], root)
        )
        cheats.append(partial(check_inclusion, index, size, leaves[index], proof[:-1], root))
    for cheat in cheats:
        with pytest.raises(EvidenceError):
            cheat()


def test_consistency_from_nothing_proves_nothing() -> None:
    with pytest.raises(EvidenceError, match="consistency-range"):
        check_consistency(0, 5, [], EMPTY_ROOT.raw, root_of([leaf_hash(b"x")] * 5))


@given(
    st.builds(Tile, st.integers(0, 63), st.integers(0, 2**50), st.integers(1, 256))
    | st.builds(Bundle, st.integers(0, 2**50), st.integers(1, 256))
)
@settings(max_examples=150, deadline=None)
def test_tile_names_round_trip(tile: Tile | Bundle) -> None:
    assert parse_tile_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/1",
        "tile/0/x000/001",
        "tile/64/000",
        "tile/00/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/007",
        "tile/0/../000",
        "tile/entries/000/",
        "tile/0/１23",
    ],
)
def test_other_spellings_of_tile_names_are_refused(path: str) -> None:
    with pytest.raises(EvidenceError, match="tile-path-malformed"):
        parse_tile_path(path)


@given(st.integers(0, 70_000), st.integers(0, 3_000))
@settings(max_examples=60, deadline=None)
def test_growing_writes_exactly_what_is_new(old: int, more: int) -> None:
    before = {tile.path for tile in tiles_to_write(0, old)}
    after = {tile.path for tile in tiles_to_write(0, old + more)}
    new = {tile.path for tile in tiles_to_write(old, old + more)}
    assert after - before == new - before
    assert {path for path in after if ".p/" not in path} <= before | new
    assert bool(bundles_to_write(old, old + more)) == bool(more)


@given(st.lists(st.binary(max_size=300), max_size=20))
@settings(max_examples=60, deadline=None)
def test_entry_bundles_round_trip(entries: list[bytes]) -> None:
    data = format_entries(entries)
    assert parse_entries(data, len(entries)) == entries
    for broken in (data + b"x", data[:-1] if data else b"\0"):
        with pytest.raises(EvidenceError, match="entries-malformed"):
            parse_entries(broken, len(entries))


def test_an_entry_that_no_bundle_can_hold_is_refused() -> None:
    with pytest.raises(EvidenceError, match="entry-too-large"):
        format_entries([bytes(65_536)])
