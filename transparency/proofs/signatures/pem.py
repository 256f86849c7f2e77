"""Raw signatures by PEM keys: Ed25519 (RFC 8410) and ECDSA P-256 with SHA-256 in strict DER (what `openssl pkeyutl` and `dgst` make)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.note import decode_base64
from transparency.proofs.signatures.ed25519 import check_ed25519, refuse_weak_public_key

MAX_KEY_CHARACTERS = 4096
# The same in verify.py. Libraries take what they like around the block; then each would see another text.
_SHAPE = re.compile(r"\s*-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class PemKey:
    """SubjectPublicKeyInfo (DER) and the key in it."""

    der: bytes
    key: Ed25519PublicKey | ec.EllipticCurvePublicKey

    @property
    def fingerprint(self) -> str:
        return "sha256:" + hashlib.sha256(self.der).hexdigest()


def parse_pem_key(text: str) -> PemKey:
    """Read one `PUBLIC KEY` with nothing around it (`key-malformed`, `key-type`, `key-weak`)."""
    shape = _SHAPE.match(text)
    if shape is None or len(text) > MAX_KEY_CHARACTERS:
        raise EvidenceError("key-malformed", expected="a PEM PUBLIC KEY and nothing else", found=text[:40])
    der = decode_base64("".join(shape[1].split()), "key-malformed")
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise EvidenceError("key-malformed", expected="a PEM PUBLIC KEY", found=text[:40]) from error
    if isinstance(key, Ed25519PublicKey):
        refuse_weak_public_key(key.public_bytes_raw())
    elif not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise EvidenceError("key-type", expected="Ed25519 or ECDSA P-256", found=type(key).__name__)
    if key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != der:
        raise EvidenceError("key-malformed", expected="a key in strict DER, its point uncompressed", found="another")
    return PemKey(der, key)


def check_pem(signature: bytes, key: PemKey, message: bytes) -> None:
    """Raise unless `signature` is by `key` over `message` (`signature-malformed`, `signature-mismatch`, …)."""
    if isinstance(key.key, Ed25519PublicKey):
        check_ed25519(key.key.public_bytes_raw(), signature, message)
        return
    check_p256(signature, key.key, message)


def check_p256(signature: bytes, key: ec.EllipticCurvePublicKey, message: bytes) -> None:
    """ECDSA P-256 with SHA-256; the DER must be the one that encoding its two numbers gives."""
    check_p256_digest(signature, key, hashlib.sha256(message).digest())


def check_p256_digest(signature: bytes, key: ec.EllipticCurvePublicKey, digest: bytes) -> None:
    """The same of a message that is known by its SHA-256."""
    try:
        canonical = encode_dss_signature(*decode_dss_signature(signature))
    except ValueError as error:
        raise EvidenceError("signature-malformed", expected="a DER signature", found=signature[:8].hex()) from error
    if canonical != signature:
        raise EvidenceError("signature-malformed", expected="strict DER", found="another encoding")
    try:
        key.verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except InvalidSignature as error:
        raise EvidenceError("signature-mismatch", expected="a signature by this key", found="another") from error
