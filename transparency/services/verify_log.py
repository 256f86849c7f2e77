"""Compute the whole log again from the rows and compare every public file with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transparency.errors import EvidenceError, UnavailableError
from transparency.models import Installation, LogEntry, LogHead
from transparency.proofs.digest import Digest
from transparency.proofs.log.checkpoint import open_checkpoint
from transparency.proofs.log.merkle import leaf_hash, node_hash, root_at
from transparency.proofs.log.note import parse_vkey
from transparency.proofs.log.tiles import TILE_WIDTH, bundles_to_write, format_entries, tiles_to_write
from transparency.services.stores import log_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from transparency.proofs.log.checkpoint import Checkpoint

ROWS_AT_ONCE = 2000


def verify_log(*, progress: Callable[[str], None], published: bytes | None = None) -> dict[str, Any]:
    """Return size and root (`log-row-gap`, `log-file-differs`, `log-file-missing`, `checkpoint-differs` name the first fault).

    `published` is a checkpoint that somebody else kept: this log must contain it (`log-behind`, `log-forked`).
    """
    head, installation = LogHead.objects.first(), Installation.objects.first()
    if head is None or installation is None:
        raise UnavailableError("not-initialised", expected="a log made by `manage.py init`", found="none")
    levels = _hash_levels(_leaves(head.size))
    root = Digest(root_at(head.size, lambda level, index: levels[level][index]))
    own = open_checkpoint(bytes(head.checkpoint), parse_vkey(installation.vkey), installation.origin)
    if (own.size, own.root) != (head.size, root) or head.root != root.hex:
        raise EvidenceError("checkpoint-differs", expected=f"{head.size} {root}", found=f"{own.size} {own.root}")
    if published is not None:
        _require_contained(open_checkpoint(published, parse_vkey(installation.vkey), installation.origin), levels)
    _compare("checkpoint", bytes(head.checkpoint))
    tiles = tiles_to_write(0, head.size)
    for number, tile in enumerate(tiles):
        first = tile.index * TILE_WIDTH
        _compare(tile.path, b"".join(levels[8 * tile.level][first : first + tile.width]))
        if number % 100 == 0:
            progress(f"{number} of {len(tiles)} tiles")
    for bundle in bundles_to_write(0, head.size):
        first = bundle.index * TILE_WIDTH
        rows = LogEntry.objects.filter(index__gte=first, index__lt=first + bundle.width).order_by("index")
        _compare(bundle.path, format_entries([bytes(leaf) for leaf in rows.values_list("leaf", flat=True)]))
    return {"size": head.size, "root": root.hex, "origin": installation.origin}


def _require_contained(published: Checkpoint, levels: list[list[bytes]]) -> None:
    size = len(levels[0])
    if published.size > size:
        raise EvidenceError("log-behind", expected=f"{published.size} entries, as were published", found=str(size))
    root = Digest(root_at(published.size, lambda level, index: levels[level][index]))
    if root != published.root:
        raise EvidenceError("log-forked", expected=f"{published.size} {published.root}", found=str(root))


def _leaves(size: int) -> list[bytes]:
    hashes = []
    rows = LogEntry.objects.filter(index__lt=size).order_by("index").values_list("index", "leaf")
    for expected, (index, leaf) in enumerate(rows.iterator(chunk_size=ROWS_AT_ONCE)):
        if index != expected:
            raise EvidenceError("log-row-gap", expected=f"entry {expected}", found=f"entry {index}")
        hashes.append(leaf_hash(bytes(leaf)))
    if len(hashes) != size:
        raise EvidenceError("log-row-gap", expected=f"{size} entries", found=str(len(hashes)))
    return hashes


def _hash_levels(leaves: list[bytes]) -> list[list[bytes]]:
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[n], below[n + 1]) for n in range(0, len(below) - 1, 2)])
    return levels


def _compare(name: str, expected: bytes) -> None:
    found = log_store().read(name)
    if found != expected:
        raise EvidenceError(
            "log-file-differs", subject=name, expected=Digest.of(expected).hex, found=Digest.of(found).hex
        )
