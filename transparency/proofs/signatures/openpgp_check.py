"""OpenPGP signatures checked by the bare key (RFC 9580 section 5.2.4), over a file or over parts of a certificate.

Why a check of our own beside the library's: published certificates are often reduced to their newest self-signature,
which may be younger than an old release's signature. Libraries then call the key "not bound at that time". For a
*primary* key that was enrolled as such no binding is needed, so the bare signature decides; for subkeys the library
does, and what it leaves unsaid is read from the bindings (openpgp_life.py).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.openpgp import HASHES, WEAK_HASHES, packets
from transparency.proofs.signatures.openpgp_numbers import HASH_TYPES, check_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from transparency.proofs.signatures.openpgp import OpenPgpSignature
    from transparency.proofs.signatures.openpgp_key import OpenPgpKey

_V6 = 6
_SALT_BYTES = {"SHA224": 16, "SHA256": 16, "SHA384": 24, "SHA512": 32, "SHA3-256": 16, "SHA3-512": 32}


def check_by_key(signature: OpenPgpSignature, key: OpenPgpKey, content: Iterable[bytes]) -> None:
    """Raise unless the signature is by this key, bound or not (`key-mismatch`, `signed-before-key`, `signature-…`)."""
    if not key.is_named(signature.issuer) or signature.version != key.version:
        raise EvidenceError("key-mismatch", expected=key.fingerprint, found=signature.issuer)
    if signature.created and signature.created < key.created:
        raise EvidenceError("signed-before-key", expected=f"signed after {key.created}", found=str(signature.created))
    if signature.hash_algorithm not in HASH_TYPES or signature.hash_algorithm in WEAK_HASHES:
        expected = ", ".join(name for name in HASH_TYPES if name not in WEAK_HASHES)
        raise EvidenceError("signature-algorithm", expected=expected, found=signature.hash_algorithm)
    _, body, _ = packets(signature.packet, "openpgp-malformed")[0]
    check_packet(body, key, content)


def check_packet(body: bytes, key: OpenPgpKey, content: Iterable[bytes]) -> None:
    """Raise unless the signature packet of this body is by this key over the content, whatever its hash is worth."""
    hash_name = HASHES.get(body[3], f"hash {body[3]}")
    if hash_name not in HASH_TYPES or body[0] != key.version:
        raise EvidenceError("signature-algorithm", expected=", ".join(HASH_TYPES), found=hash_name)
    wide = 4 if body[0] == _V6 else 2
    signed_end = 4 + wide + int.from_bytes(body[4 : 4 + wide], "big")
    left = signed_end + wide + int.from_bytes(body[signed_end : signed_end + wide], "big")
    salt, numbers = _salt(body[left + 2 :], hash_name) if body[0] == _V6 else (b"", body[left + 2 :])
    hasher = hashlib.new(hash_name.lower().replace("sha3-", "sha3_"), salt)
    for chunk in content:
        hasher.update(chunk)
    hasher.update(body[:signed_end] + bytes((body[0], 0xFF)) + signed_end.to_bytes(4, "big"))
    digest = hasher.digest()
    if body[left : left + 2] != digest[:2]:
        raise EvidenceError("signature-mismatch", expected="a signature over these bytes", found="one over others")
    check_numbers(key.algorithm, key.material, numbers, digest, hash_name)


def _salt(data: bytes, hash_name: str) -> tuple[bytes, bytes]:
    """Version 6 hashes a salt first, of a length that the hash decides (section 5.2.3)."""
    wanted = _SALT_BYTES.get(hash_name, -1)
    length = data[0] if data else 0
    if length != wanted or len(data) < 1 + length:
        raise EvidenceError("signature-malformed", expected=f"a salt of {wanted} bytes", found=f"{length} bytes")
    return data[1 : 1 + length], data[1 + length :]
