r"""Opening roots and commitments: showing one thing of a restricted product without showing another (docs/formats.md 2 and 3).

>>> secret = bytes(32)
>>> lines = [b"100644 aa 1 a\\n", b"100644 bb 1 b\\n"]
>>> proof = prove_opening(secret, lines, 1)
>>> check_opening(proof, lines[1], opening_root(secret, lines))
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.merkle import Frontier, check_inclusion, inclusion_path, leaf_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SALT_BYTES = 32
_OPENING = b"transparency-opening/v1\n"
_SALT = b"transparency-salt/v1\n"
_COMMITMENT = b"transparency-commitment/v1\n"


@dataclass(frozen=True, slots=True)
class OpeningProof:
    """What shows that one line belongs to an opening root: its place, its salt and the RFC 6962 path."""

    index: int
    size: int
    salt: bytes
    path: tuple[bytes, ...]


def opening_salt(secret: bytes, index: int) -> bytes:
    """Salt of line `index` (from 0), 32 bytes."""
    return hmac.digest(secret, _OPENING + index.to_bytes(8, "big"), "sha256")


def opening_root(secret: bytes, lines: Iterable[bytes]) -> Digest:
    """RFC 6962 root over `salt || line`; each line with its LF."""
    frontier = Frontier()
    for index, line in enumerate(lines):
        frontier.append(hashlib.sha256(b"\x00" + opening_salt(secret, index) + line).digest())
    return Digest(frontier.root())


def prove_opening(secret: bytes, lines: Sequence[bytes], index: int) -> OpeningProof:
    """Proof for line `index` of all `lines`."""
    leaves = [leaf_hash(opening_salt(secret, position) + line) for position, line in enumerate(lines)]
    return OpeningProof(index, len(leaves), opening_salt(secret, index), tuple(inclusion_path(leaves, index)))


def check_opening(proof: OpeningProof, line: bytes, root: Digest) -> None:
    """Raise unless `line` stands at its place under `root` (`opening-malformed`, `inclusion-…`)."""
    if len(proof.salt) != SALT_BYTES:
        raise EvidenceError(
            "opening-malformed", expected=f"a salt of {SALT_BYTES} bytes", found=f"{len(proof.salt)} bytes"
        )
    check_inclusion(proof.index, proof.size, leaf_hash(proof.salt + line), proof.path, root.raw)


def commitment_salt(product_secret: bytes, kind: str, digest: str, label: str) -> bytes:
    """Salt of one field of one leaf; `digest` is the leaf's own, hex."""
    return hmac.digest(product_secret, _SALT + f"{kind}\n{digest}\n{label}".encode(), "sha256")


def commit(salt: bytes, label: str, value: str) -> Digest:
    """Commitment to `value` under `label`."""
    if len(salt) != SALT_BYTES:
        raise EvidenceError("opening-malformed", expected=f"a salt of {SALT_BYTES} bytes", found=f"{len(salt)} bytes")
    return Digest(hmac.digest(salt, _COMMITMENT + f"{label}\n{value}".encode(), "sha256"))


def check_commitment(commitment: Digest, salt: bytes, label: str, value: str) -> None:
    """Raise `commitment-mismatch` unless the salt opens the commitment to this value."""
    found = commit(salt, label, value)
    if not hmac.compare_digest(found.raw, commitment.raw):
        raise EvidenceError("commitment-mismatch", subject=label, expected=commitment.hex, found=found.hex)
