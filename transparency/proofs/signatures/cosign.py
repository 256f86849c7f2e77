"""Signatures by a PEM key over a file, as `cosign sign-blob --key` writes them: one line of base64, with or without its LF.

P-256 signs the file's SHA-256, so its digest is enough; Ed25519 signs the file itself. The signature names no key. It is the same that
`openssl dgst -sha256 -sign` (P-256) and `openssl pkeyutl -sign -rawin` (Ed25519) make, in base64.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.note import decode_base64
from transparency.proofs.signatures.ed25519 import check_ed25519
from transparency.proofs.signatures.pem import check_p256_digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from transparency.proofs.signatures.pem import PemKey

# A DER signature on P-256 has at most 72 bytes, one by Ed25519 has 64.
MAX_SIGNATURE_BYTES = 72
_SHAPE = re.compile(rb"([A-Za-z0-9+/]+={0,2})\n?\Z")


@dataclass(frozen=True, slots=True)
class CosignSignature:
    """The raw bytes; nothing is checked yet."""

    signature: bytes


def is_cosign(data: bytes) -> bool:
    """Whether it is one line of base64 and nothing else, as no other format is."""
    return _SHAPE.match(data) is not None


def parse_cosign(data: bytes) -> CosignSignature:
    """Read the line (`cosign-malformed`)."""
    shape = _SHAPE.match(data)
    if shape is None or len(data) > 2 * MAX_SIGNATURE_BYTES:
        raise EvidenceError("cosign-malformed", expected="one line of base64", found=repr(data[:24]))
    raw = decode_base64(shape[1].decode("ascii"), "cosign-malformed")
    if len(raw) > MAX_SIGNATURE_BYTES:
        raise EvidenceError("cosign-malformed", expected="an Ed25519 or P-256 signature", found=f"{len(raw)} bytes")
    return CosignSignature(raw)


def format_cosign(signature: CosignSignature) -> bytes:
    """The line, with its LF."""
    return base64.b64encode(signature.signature) + b"\n"


def check_cosign(signature: CosignSignature, key: PemKey, *, sha256: bytes, whole: Callable[[], bytes]) -> None:
    """Raise unless the signature over the file holds (`signature-…`, and what `whole` raises, which only Ed25519 asks)."""
    if isinstance(key.key, Ed25519PublicKey):
        check_ed25519(key.key.public_bytes_raw(), signature.signature, whole())
    else:
        check_p256_digest(signature.signature, key.key, sha256)
