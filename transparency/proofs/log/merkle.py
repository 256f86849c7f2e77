"""RFC 6962 Merkle trees: hashes, roots, inclusion and consistency proofs (RFC 6962 section 2.1, RFC 9162 section 2.1).

Proofs are made from a reader of complete subtrees, `read(level, index)`: the hash of leaves `index << level` up to `(index + 1) << level`.

>>> leaves = [leaf_hash(bytes([n])) for n in range(5)]
>>> check_inclusion(3, 5, leaves[3], inclusion_path(leaves, 3), root_of(leaves))
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.digest import DIGEST_BYTES, Digest
from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Reader = Callable[[int, int], bytes]

EMPTY_ROOT = Digest(hashlib.sha256(b"").digest())
MAX_SIZE = 2**63 - 1


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf's bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: enough to append and to give the root, in O(log n) memory."""

    __slots__ = ("_edge", "size")

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add a leaf's hash."""
        size = self.size
        while size & 1:
            leaf = hashlib.sha256(b"\x01" + self._edge.pop() + leaf).digest()
            size >>= 1
        self._edge.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Root of what was appended so far."""
        if not self._edge:
            return EMPTY_ROOT.raw
        found = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            found = node_hash(left, found)
        return found


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def root_at(size: int, read: Reader) -> bytes:
    """Root of the first `size` leaves, from complete subtrees."""
    return _range_hash(0, size, read) if size else EMPTY_ROOT.raw


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Inclusion proof within leaf hashes held in memory."""
    memory: dict[tuple[int, int], bytes] = {(0, position): leaf for position, leaf in enumerate(leaves)}

    def read(level: int, position: int) -> bytes:
        if (level, position) not in memory:
            memory[level, position] = node_hash(read(level - 1, 2 * position), read(level - 1, 2 * position + 1))
        return memory[level, position]

    return prove_inclusion(index, len(leaves), read)


def prove_inclusion(index: int, size: int, read: Reader) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962, leaf side first."""
    _require(0 <= index < size <= MAX_SIZE, "inclusion-range", f"an index below {size}", str(index))
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_hash(middle, end, read))
            end = middle
        else:
            path.append(_range_hash(start, middle, read))
            start = middle
    return path[::-1]


@dataclass(frozen=True, slots=True)
class Step:
    """One join on the way from a leaf to the root: the hash beside it, on which side that stands, and what both make."""

    beside: bytes
    beside_is_left: bool
    joined: bytes


def climb(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> list[Step]:
    """The joins of an inclusion proof, leaf side first; their last is the root that it leads to (`inclusion-range`, `-length`)."""
    _require(0 <= index < size <= MAX_SIZE, "inclusion-range", f"an index below {size}", str(index))
    _check_hashes("inclusion-length", leaf, *proof)
    inner = (index ^ (size - 1)).bit_length()
    border = (index >> inner).bit_count()
    _require(len(proof) == inner + border, "inclusion-length", f"{inner + border} hashes", str(len(proof)))
    steps: list[Step] = []
    found = leaf
    for level, beside in enumerate(proof):
        left = level >= inner or bool((index >> level) & 1)
        found = node_hash(beside, found) if left else node_hash(found, beside)
        steps.append(Step(beside, left, found))
    return steps


def check_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Raise unless the leaf hash stands at `index` of the tree of `size` with `root`: `inclusion-range`, `-length`, `-mismatch`."""
    steps = climb(index, size, leaf, proof)
    _check_hashes("inclusion-length", root)
    found = steps[-1].joined if steps else leaf
    _require(found == root, "inclusion-mismatch", root.hex(), found.hex())


def prove_consistency(old: int, new: int, read: Reader) -> list[bytes]:
    """PROOF(old, D[new]) of RFC 6962; empty for equal sizes and for an empty old tree."""
    _require(0 <= old <= new <= MAX_SIZE, "consistency-range", f"a size up to {new}", str(old))
    if old in (0, new):
        return []
    path: list[bytes] = []
    start, end = 0, new
    whole = True  # whether the old tree is exactly the subtree that was reached
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_hash(middle, end, read))
            end = middle
        else:
            path.append(_range_hash(start, middle, read))
            start = middle
            whole = False
    if not whole:
        path.append(_range_hash(start, end, read))
    return path[::-1]


def check_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Raise unless the tree (`new`, `new_root`) begins with (`old`, `old_root`). An old size of 0 proves nothing and is refused."""
    _require(0 < old <= new <= MAX_SIZE, "consistency-range", f"a size from 1 up to {new}", str(old))
    if old == new:
        _require(not proof, "consistency-length", "no hashes", str(len(proof)))
        _require(old_root == new_root, "consistency-mismatch", old_root.hex(), new_root.hex())
        return
    _check_hashes("consistency-length", old_root, new_root, *proof)
    shift = (old & -old).bit_length() - 1
    inner = ((old - 1) ^ (new - 1)).bit_length() - shift
    border = ((old - 1) >> (inner + shift)).bit_count()
    hashes = list(proof)
    if old == 1 << shift:
        hashes.insert(0, old_root)
    _require(len(hashes) == 1 + inner + border, "consistency-length", f"{1 + inner + border} hashes", str(len(hashes)))
    found_old = found_new = hashes[0]
    place = (old - 1) >> shift
    for level, sibling in enumerate(hashes[1:]):
        if level >= inner or (place >> level) & 1:
            found_old = node_hash(sibling, found_old)
            found_new = node_hash(sibling, found_new)
        else:
            found_new = node_hash(found_new, sibling)
    _require(found_old == old_root, "consistency-mismatch", old_root.hex(), found_old.hex())
    _require(found_new == new_root, "consistency-mismatch", new_root.hex(), found_new.hex())


def _range_hash(start: int, end: int, read: Reader) -> bytes:
    """MTH of leaves start..end, where `start` is a multiple of the largest complete subtree that fits."""
    hashes = []
    while start < end:
        level = (end - start).bit_length() - 1
        hashes.append(read(level, start >> level))
        start += 1 << level
    found = hashes.pop()
    while hashes:
        found = node_hash(hashes.pop(), found)
    return found


def _split(size: int) -> int:
    """Largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _check_hashes(code: str, *hashes: bytes) -> None:
    for item in hashes:
        _require(len(item) == DIGEST_BYTES, code, f"hashes of {DIGEST_BYTES} bytes", f"{len(item)} bytes")


def _require(holds: bool, code: str, expected: str, found: str) -> None:  # noqa: FBT001 - a condition, not an option
    if not holds:
        raise EvidenceError(code, expected=expected, found=found)
