"""C2SP tlog-tiles (https://c2sp.org/tlog-tiles): names of tiles, what to write when a tree grows, entry bundles.

>>> Tile(0, 1234067, 256).path
'tile/0/x001/x234/067'
>>> Bundle(0, 5).path
'tile/entries/000.p/5'
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.digest import DIGEST_BYTES
from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.merkle import MAX_SIZE, node_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TILE_HEIGHT = 8
TILE_WIDTH = 256
MAX_ENTRY_BYTES = 65_535
_GROUP = 1000
_CACHED_TILES = 64
_PATH = re.compile(
    r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?\Z", re.ASCII
)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """`width` hashes (256 when full) of tile level `level`, from hash `index * 256` of tree level `8 * level`."""

    level: int
    index: int
    width: int

    @property
    def path(self) -> str:
        return f"tile/{self.level}/{_number_path(self.index)}{_partial(self.width)}"


@dataclass(frozen=True, slots=True, order=True)
class Bundle:
    """`width` entries from entry `index * 256`."""

    index: int
    width: int

    @property
    def path(self) -> str:
        return f"tile/entries/{_number_path(self.index)}{_partial(self.width)}"


def parse_tile_path(path: str) -> Tile | Bundle:
    """Read a name (`tile-path-malformed`); formatting it again gives the same name."""
    match = _PATH.match(path)
    if not match or len(path) > 100:  # noqa: PLR2004 - far more than 2^63 needs
        raise EvidenceError("tile-path-malformed", expected="a name of C2SP tlog-tiles", found=path[:100])
    level, number, width_text = match.groups()
    index = int(number.replace("x", "").replace("/", ""))
    width = int(width_text) if width_text else TILE_WIDTH
    found: Tile | Bundle = Bundle(index, width) if level == "entries" else Tile(int(level), index, width)
    if found.path != path or index > MAX_SIZE:
        raise EvidenceError("tile-path-malformed", expected=found.path, found=path)
    return found


def tiles_to_write(old_size: int, size: int) -> list[Tile]:
    """Tiles that a tree of `size` has and one of `old_size` has not, low levels first."""
    tiles = []
    for level in range(TILE_HEIGHT):
        old, new = old_size >> (TILE_HEIGHT * level), size >> (TILE_HEIGHT * level)
        tiles += [Tile(level, index, width) for index, width in _pieces(old, new)]
    return tiles


def bundles_to_write(old_size: int, size: int) -> list[Bundle]:
    """Entry bundles that a log of `size` has and one of `old_size` has not."""
    return [Bundle(index, width) for index, width in _pieces(old_size, size)]


def _pieces(old: int, new: int) -> list[tuple[int, int]]:
    if new == old:
        return []
    return [
        (index, min(TILE_WIDTH, new - index * TILE_WIDTH)) for index in range(old // TILE_WIDTH, -(-new // TILE_WIDTH))
    ]


class TileHashes:
    """Reader of complete subtrees from the tiles of a tree of `size` leaves; keeps the last few tiles it read."""

    def __init__(self, read_tile: Callable[[Tile], bytes], size: int) -> None:
        self._read_tile = read_tile
        self._size = size
        self._cache: OrderedDict[Tile, bytes] = OrderedDict()

    def __call__(self, level: int, index: int) -> bytes:
        """Hash of the subtree (`tile-range` when the tree has no such complete subtree, `tile-malformed` for a tile of wrong length)."""
        if (index + 1) << level > self._size:
            raise EvidenceError(
                "tile-range", expected=f"a subtree of the first {self._size} leaves", found=f"{level}, {index}"
            )
        tile_level, within = divmod(level, TILE_HEIGHT)
        first = index << within
        hashes = self._hashes(tile_level, first, 1 << within)
        while len(hashes) > 1:
            hashes = [node_hash(hashes[n], hashes[n + 1]) for n in range(0, len(hashes), 2)]
        return hashes[0]

    def _hashes(self, tile_level: int, first: int, count: int) -> list[bytes]:
        tile_index, offset = divmod(first, TILE_WIDTH)
        width = min(TILE_WIDTH, (self._size >> (TILE_HEIGHT * tile_level)) - tile_index * TILE_WIDTH)
        data = self._tile(Tile(tile_level, tile_index, width))
        return [data[DIGEST_BYTES * n : DIGEST_BYTES * (n + 1)] for n in range(offset, offset + count)]

    def _tile(self, tile: Tile) -> bytes:
        if tile in self._cache:
            self._cache.move_to_end(tile)
            return self._cache[tile]
        data = self._read_tile(tile)
        if len(data) != DIGEST_BYTES * tile.width:
            raise EvidenceError(
                "tile-malformed", subject=tile.path, expected=f"{tile.width} hashes", found=f"{len(data)} bytes"
            )
        self._cache[tile] = data
        if len(self._cache) > _CACHED_TILES:
            self._cache.popitem(last=False)
        return data


def format_entries(entries: Sequence[bytes]) -> bytes:
    """An entry bundle: each entry after its length as two bytes, big endian."""
    if any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
        raise EvidenceError("entry-too-large", expected=f"at most {MAX_ENTRY_BYTES} bytes", found="more")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def parse_entries(data: bytes, count: int) -> list[bytes]:
    """Read exactly `count` entries and nothing else (`entries-malformed`)."""
    entries: list[bytes] = []
    place = 0
    for _ in range(count):
        length = int.from_bytes(data[place : place + 2], "big")
        entry = data[place + 2 : place + 2 + length]
        if place + 2 > len(data) or len(entry) != length:
            raise EvidenceError(
                "entries-malformed", expected=f"{count} entries", found=f"{len(entries)} and a torn one"
            )
        entries.append(entry)
        place += 2 + length
    if place != len(data):
        raise EvidenceError("entries-malformed", expected=f"{count} entries", found=f"{len(data) - place} bytes more")
    return entries


def _number_path(index: int) -> str:
    groups = [f"{index % _GROUP:03}"]
    while index >= _GROUP:
        index //= _GROUP
        groups.append(f"x{index % _GROUP:03}")
    return "/".join(reversed(groups))


def _partial(width: int) -> str:
    return "" if width == TILE_WIDTH else f".p/{width}"
