"""The log's links: the checkpoint, its newest entry, and that a record was logged (docs/formats.md 5, 6 and 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.checkpoint import Checkpoint, open_checkpoint
from transparency.proofs.log.leaf import Leaf, check_leaf_commits, parse_leaf, parse_opening
from transparency.proofs.log.merkle import check_inclusion, leaf_hash
from transparency.proofs.log.proof import LogProof, parse_log_proof

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from transparency.proofs.dossier import LoggedRecord, LogHeadParts
    from transparency.proofs.links.basis import Basis
    from transparency.proofs.trust import KeyRing


def check_log_head(head: LogHeadParts, ring: KeyRing) -> tuple[Checkpoint, datetime]:
    """Return the checkpoint and the time of its newest entry.

    Raises what `open_checkpoint`, `parse_log_proof`, `check_inclusion` and `parse_leaf` raise, `checkpoint-differs` for
    a proof with another checkpoint, and `head-not-newest` for the proof of an older entry.
    """
    checkpoint = open_checkpoint(head.checkpoint, ring.vkey, ring.origin)
    proof = _check_proof(head.proof, head.leaf, checkpoint, head.checkpoint)
    if proof.index != checkpoint.size - 1:
        raise EvidenceError("head-not-newest", expected=f"entry {checkpoint.size - 1}", found=f"entry {proof.index}")
    return checkpoint, parse_leaf(head.leaf).time


def check_logged(
    logged: LoggedRecord, basis: Basis, *, kind: str, subjects: Sequence[tuple[str, Digest]], org: str
) -> tuple[Leaf, int]:
    """Return the leaf that commits to this record, and its index in the log; raise when it is not so, or not logged."""
    leaf = parse_leaf(logged.leaf)
    opening = None if logged.opening is None else parse_opening(logged.opening)
    digest = Digest.of(logged.record)
    check_leaf_commits(leaf, opening, kind=kind, digest=digest, subjects=subjects, org=org)
    proof = _check_proof(logged.proof, logged.leaf, basis.checkpoint, basis.checkpoint_bytes)
    return leaf, proof.index


def _check_proof(data: bytes, leaf: bytes, checkpoint: Checkpoint, checkpoint_bytes: bytes) -> LogProof:
    """The proof must carry the one checkpoint whose signature was checked, byte for byte."""
    proof = parse_log_proof(data)
    if proof.checkpoint != checkpoint_bytes:
        raise EvidenceError("checkpoint-differs", expected="the checkpoint of log/checkpoint", found="another")
    check_inclusion(proof.index, checkpoint.size, leaf_hash(leaf), proof.hashes, checkpoint.root.raw)
    return proof
