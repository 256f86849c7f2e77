"""Write the entry bundles and tiles that a batch of new leaves needs, durably, and return the root of the grown tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.proofs.digest import Digest
from transparency.proofs.log.merkle import leaf_hash, node_hash, root_at
from transparency.proofs.log.tiles import (
    TILE_WIDTH,
    Bundle,
    TileHashes,
    bundles_to_write,
    format_entries,
    parse_entries,
    tiles_to_write,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.gateways.logstore import LogStore


class _GrowingTree:
    """Hashes of complete subtrees: from the tiles where the old tree has them, else computed from the new leaves."""

    def __init__(self, store: LogStore, old_size: int, leaves: Sequence[bytes]) -> None:
        self._old_size = old_size
        self._old = TileHashes(lambda tile: store.read(tile.path), old_size)
        self._new = {(0, old_size + offset): leaf_hash(leaf) for offset, leaf in enumerate(leaves)}

    def __call__(self, level: int, index: int) -> bytes:
        if (index + 1) << level <= self._old_size:
            return self._old(level, index)
        if (level, index) not in self._new:
            self._new[level, index] = node_hash(self(level - 1, 2 * index), self(level - 1, 2 * index + 1))
        return self._new[level, index]


def write_tiles(store: LogStore, *, old_size: int, leaves: Sequence[bytes]) -> Digest:
    """Everything is on disk when this returns; what is written depends on nothing but the leaves and their order."""
    size = old_size + len(leaves)
    _write_entries(store, old_size, leaves)
    tree = _GrowingTree(store, old_size, leaves)
    for tile in tiles_to_write(old_size, size):
        first = tile.index * TILE_WIDTH
        store.write(tile.path, b"".join(tree(8 * tile.level, first + offset) for offset in range(tile.width)))
    return Digest(root_at(size, tree))


def _write_entries(store: LogStore, old_size: int, leaves: Sequence[bytes]) -> None:
    for bundle in bundles_to_write(old_size, old_size + len(leaves)):
        first = bundle.index * TILE_WIDTH
        kept = old_size - first
        entries = parse_entries(store.read(Bundle(bundle.index, kept).path), kept) if kept > 0 else []
        start = first + len(entries) - old_size
        entries += leaves[start : start + bundle.width - len(entries)]
        store.write(bundle.path, format_entries(entries))
