"""Signature algorithms of CMS and X.509, a closed list (RFC 5754, RFC 4056, RFC 5758, RFC 8419, RFC 8410).

Accepted: RSA of 2048 to 16384 bits with PKCS #1 v1.5 or PSS, ECDSA on P-256, P-384, P-521 and the Brainpool curves of those sizes, each
with SHA-256, SHA-384 or SHA-512; Ed25519. Excluded by name: MD5, SHA-1 (`weak-hash`), DSA (`weak-key`); everything else is unknown to us.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.der import NULL, OID, SEQUENCE, DerReader, context
from transparency.proofs.signatures.ed25519 import check_ed25519, refuse_weak_public_key
from transparency.proofs.signatures.sshsig import MAX_RSA_BITS, MIN_RSA_BITS

HashName = Literal["sha256", "sha384", "sha512"]
SigningKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | Ed25519PublicKey
_HASHES: dict[HashName, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_DIGESTS: dict[str, HashName] = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_RSA: dict[str, HashName] = {
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
}
_ECDSA: dict[str, HashName] = {
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}
_RSA_KEY, _PSS, _MGF1, _ED25519 = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.8", "1.3.101.112"
_WEAK = {
    "1.2.840.113549.2.5": "MD5",
    "1.2.840.113549.1.1.4": "MD5 with RSA",
    "1.3.14.3.2.26": "SHA-1",
    "1.2.840.113549.1.1.5": "SHA-1 with RSA",
    "1.2.840.10045.4.1": "SHA-1 with ECDSA",
}
_DSA = {"1.2.840.10040.4.1", "1.2.840.10040.4.3", "2.16.840.1.101.3.4.3.1", "2.16.840.1.101.3.4.3.2"}
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1, ec.BrainpoolP256R1, ec.BrainpoolP384R1, ec.BrainpoolP512R1)
_WANTED = "RSA of 2048 to 16384 bits, ECDSA on P-256, P-384, P-521 or Brainpool, or Ed25519"
_STRONG = "SHA-256, SHA-384 or SHA-512"


@dataclass(frozen=True, slots=True)
class SignatureScheme:
    """How a signature is computed; `hash` is None of Ed25519, which hashes by itself, `salt` counts for PSS alone."""

    kind: Literal["rsa-pkcs1", "rsa-pss", "ecdsa", "ed25519"]
    hash: HashName | None
    salt: int = 0

    @property
    def words(self) -> str:
        return f"{self.kind} with {self.hash}" if self.hash else self.kind


def digest_algorithm(data: bytes, code: str) -> HashName:
    """The hash that an AlgorithmIdentifier names (`weak-hash`, and `code` for what is unknown or malformed)."""
    oid, parameters = _identifier(data, code)
    if oid not in _DIGESTS:
        raise _unknown(oid, code)
    _absent_or_null(parameters, code)
    return _DIGESTS[oid]


def signature_scheme(data: bytes, code: str, *, digest: HashName | None = None) -> SignatureScheme:
    """What an AlgorithmIdentifier of a signature means (`weak-hash`, `weak-key`, and `code`).

    `digest`: of a CMS signer, the hash of its content: the signature's own must be the same one (RFC 8419: SHA-512 beside Ed25519).
    """
    oid, parameters = _identifier(data, code)
    if oid == _PSS:
        scheme = _pss(parameters, code)
    elif oid == _ED25519:
        _absent(parameters, code)
        scheme = SignatureScheme("ed25519", None)
    elif oid == _RSA_KEY and digest:
        _absent_or_null(parameters, code)
        scheme = SignatureScheme("rsa-pkcs1", digest)
    elif oid in _RSA:
        _absent_or_null(parameters, code)
        scheme = SignatureScheme("rsa-pkcs1", _RSA[oid])
    elif oid in _ECDSA:
        _absent(parameters, code)
        scheme = SignatureScheme("ecdsa", _ECDSA[oid])
    else:
        raise _unknown(oid, code)
    if digest and digest != (scheme.hash or "sha512"):
        raise EvidenceError(code, expected=f"one hash for content and signature, {digest}", found=scheme.words)
    return scheme


def parse_signing_key(spki: bytes) -> SigningKey:
    """The key of a SubjectPublicKeyInfo (`key-weak`, `key-type`, `key-malformed`)."""
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise EvidenceError("key-malformed", expected=_WANTED, found="a key that cannot be read") from error
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        if not MIN_RSA_BITS <= numbers.n.bit_length() <= MAX_RSA_BITS:
            raise EvidenceError("key-weak", expected=_WANTED, found=f"RSA of {numbers.n.bit_length()} bits")
        if numbers.e < 3 or not numbers.e & 1 or not numbers.n & 1:  # noqa: PLR2004 - 1 signs nothing
            raise EvidenceError("key-weak", expected="odd numbers, an exponent of 3 or more", found=str(numbers.e)[:40])
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES):
        return key
    if isinstance(key, Ed25519PublicKey):
        refuse_weak_public_key(key.public_bytes_raw())
        return key
    raise EvidenceError("key-type", expected=_WANTED, found=type(key).__name__)


def check_by_signing_key(signature: bytes, key: SigningKey, scheme: SignatureScheme, message: bytes) -> None:
    """Raise unless the signature over `message` holds (`signature-algorithm`, `signature-malformed`, `signature-mismatch`, …)."""
    try:
        if scheme.kind == "ed25519" and isinstance(key, Ed25519PublicKey):
            check_ed25519(key.public_bytes_raw(), signature, message)
        elif scheme.kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey) and scheme.hash:
            _refuse_other_spelling(signature)
            key.verify(signature, message, ec.ECDSA(_HASHES[scheme.hash]))
        elif scheme.kind == "rsa-pkcs1" and isinstance(key, rsa.RSAPublicKey) and scheme.hash:
            key.verify(signature, message, padding.PKCS1v15(), _HASHES[scheme.hash])
        elif scheme.kind == "rsa-pss" and isinstance(key, rsa.RSAPublicKey) and scheme.hash:
            used = _HASHES[scheme.hash]
            key.verify(signature, message, padding.PSS(mgf=padding.MGF1(used), salt_length=scheme.salt), used)
        else:
            raise EvidenceError("signature-algorithm", expected="the algorithm of its key", found=scheme.words)
    except InvalidSignature as error:
        raise EvidenceError("signature-mismatch", expected="a signature by this key", found="another") from error


def _pss(parameters: bytes, code: str) -> SignatureScheme:
    """RSASSA-PSS-params: one hash throughout, trailer 1. The defaults mean SHA-1."""
    reader = DerReader(parameters, code).inside(SEQUENCE)
    wrapped = [reader.optional(context(number)) for number in range(4)]
    reader.end()
    hashed, mask, salt, trailer = wrapped
    if hashed is None or mask is None:
        raise EvidenceError("weak-hash", expected=_STRONG, found="SHA-1, the default of RSA-PSS")
    name = digest_algorithm(hashed.body, code)
    mgf, mgf_parameters = _identifier(mask.body, code)
    if mgf != _MGF1 or digest_algorithm(mgf_parameters, code) != name:
        raise EvidenceError(code, expected=f"MGF1 with {name}", found=mgf)
    length = 20 if salt is None else DerReader(salt.body, code).integer()
    if trailer is not None or not 0 <= length <= MAX_RSA_BITS // 8:
        raise EvidenceError(code, expected="a salt, and the trailer that is the default", found=str(length)[:20])
    return SignatureScheme("rsa-pss", name, length)


def _identifier(data: bytes, code: str) -> tuple[str, bytes]:
    """The object identifier and the encoding of what follows it."""
    outer = DerReader(data, code)
    element = outer.element(SEQUENCE)
    outer.end()
    inner = DerReader(element.body, code)
    head = inner.element(OID)
    oid = DerReader(head.raw, code).oid()
    rest = element.body[len(head.raw) :]
    if len(inner.rest()) > 1:
        raise EvidenceError(code, expected="one parameter", found="more")
    return oid, rest


def _absent(parameters: bytes, code: str) -> None:
    if parameters:
        raise EvidenceError(code, expected="no parameters", found=parameters[:8].hex())


def _absent_or_null(parameters: bytes, code: str) -> None:
    if parameters not in {b"", bytes([NULL, 0])}:
        raise EvidenceError(code, expected="no parameters", found=parameters[:8].hex())


def _unknown(oid: str, code: str) -> EvidenceError:
    if oid in _WEAK:
        return EvidenceError("weak-hash", expected=_STRONG, found=_WEAK[oid])
    if oid in _DSA:
        return EvidenceError("weak-key", expected=_WANTED, found="DSA")
    return EvidenceError(code, expected="an algorithm of the list", found=oid)


def _refuse_other_spelling(signature: bytes) -> None:
    try:
        canonical = encode_dss_signature(*decode_dss_signature(signature))
    except ValueError as error:
        raise EvidenceError("signature-malformed", expected="a DER signature", found=signature[:8].hex()) from error
    if canonical != signature:
        raise EvidenceError("signature-malformed", expected="strict DER", found="another encoding")
