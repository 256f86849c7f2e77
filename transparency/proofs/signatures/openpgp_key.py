"""OpenPGP certificates as packets (RFC 9580): which keys are in one, how strong they are, and a signature by its primary key.

Why a check of our own beside the library's: published certificates are often reduced to their newest self-signature,
which may be younger than an old release's signature. Libraries then call the key "not bound at that time". For a
*primary* key that was enrolled as such no binding is needed, so the bare signature decides; for subkeys the library
alone does (gateways/openpgp.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.ed25519 import check_ed25519
from transparency.proofs.signatures.openpgp import dearmour, packets, parse_areas

if TYPE_CHECKING:
    from collections.abc import Iterable

    from transparency.proofs.signatures.openpgp import OpenPgpSignature

MAX_CERTIFICATE_BYTES = 1024 * 1024
MIN_RSA_BITS = 2048
PRIMARY, SUBKEY, SIGNATURE = 6, 14, 2
_RSA = frozenset({1, 3})
_DSA, _ECDSA, _EDDSA, _ED25519 = 17, 19, 22, 27
_OID_ED25519 = bytes.fromhex("2b06010401da470f01")
_OID_P256 = bytes.fromhex("2a8648ce3d030107")
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}
_REVOKES_KEY = 0x20
_REASON = 29
_SOFT_REASONS = frozenset({1, 3})  # superseded, retired: like expiry
_CODE = "key-malformed"


@dataclass(frozen=True, slots=True)
class OpenPgpKey:
    """One key packet: fingerprint (upper-case hex), algorithm number, bits (RSA only, else 0), its body."""

    fingerprint: str
    algorithm: int
    bits: int
    body: bytes
    primary: bool

    @property
    def created(self) -> datetime:
        return datetime.fromtimestamp(int.from_bytes(self.body[1:5], "big"), UTC)

    @property
    def weak(self) -> bool:
        return self.algorithm == _DSA or (self.algorithm in _RSA and self.bits < MIN_RSA_BITS)

    def is_named(self, issuer: str) -> bool:
        """Whether a signature's issuer (fingerprint or key id) means this key."""
        if len(issuer) == 16:  # noqa: PLR2004 - a key id
            return (self.fingerprint[:16] if len(self.fingerprint) == 64 else self.fingerprint[-16:]) == issuer  # noqa: PLR2004 - v6
        return self.fingerprint == issuer


@dataclass(frozen=True, slots=True)
class OpenPgpCertificate:
    """Keys of one certificate, the primary first, and the reasons of revocation signatures on it (None: no reason given)."""

    keys: tuple[OpenPgpKey, ...]
    revocation_reasons: tuple[int | None, ...]

    @property
    def fingerprint(self) -> str:
        return self.keys[0].fingerprint

    @property
    def softly_revoked(self) -> bool:
        """Whether every revocation says superseded or retired; meaningful only for a certificate that a library calls revoked."""
        return bool(self.revocation_reasons) and all(reason in _SOFT_REASONS for reason in self.revocation_reasons)


def parse_openpgp_certificate(data: bytes) -> OpenPgpCertificate:
    """Read one certificate, armoured or binary (`key-malformed`); self-signatures are the library's business."""
    if len(data) > MAX_CERTIFICATE_BYTES:
        raise EvidenceError(_CODE, expected=f"at most {MAX_CERTIFICATE_BYTES} bytes", found=f"{len(data)} bytes")
    raw = dearmour(data, "PUBLIC KEY BLOCK", _CODE) if data.lstrip()[:5] == b"-----" else data
    keys: list[OpenPgpKey] = []
    reasons: list[int | None] = []
    for tag, body, _ in packets(raw, _CODE):
        if tag in {PRIMARY, SUBKEY}:
            if (tag == PRIMARY) != (not keys):
                raise EvidenceError(_CODE, expected="one certificate", found="none or several")
            keys.append(_parse_key(body, primary=tag == PRIMARY))
        elif tag == SIGNATURE and len(body) > 1 and body[1] == _REVOKES_KEY:
            reason = parse_areas(body)[0].get(_REASON)
            reasons.append(reason[0] if reason else None)
    if not keys:
        raise EvidenceError(_CODE, expected="an OpenPGP certificate", found="no key in it")
    return OpenPgpCertificate(tuple(keys), tuple(reasons))


def check_by_key(signature: OpenPgpSignature, key: OpenPgpKey, content: Iterable[bytes]) -> None:
    """Raise unless the version 4 signature is by this key, bound or not (`key-mismatch`, `signed-before-key`, `signature-…`)."""
    if not key.is_named(signature.issuer) or signature.version != 4:  # noqa: PLR2004 - version
        raise EvidenceError("key-mismatch", expected=key.fingerprint, found=signature.issuer)
    if signature.created and signature.created < key.created:
        raise EvidenceError("signed-before-key", expected=f"signed after {key.created}", found=str(signature.created))
    if signature.hash_algorithm not in _HASHES:
        raise EvidenceError("signature-algorithm", expected=", ".join(_HASHES), found=signature.hash_algorithm)
    _, body, _ = packets(signature.packet, "openpgp-malformed")[0]
    signed_part = body[: 6 + int.from_bytes(body[4:6], "big")]
    hasher = hashlib.new(signature.hash_algorithm.lower())
    for chunk in content:
        hasher.update(chunk)
    hasher.update(signed_part + b"\x04\xff" + len(signed_part).to_bytes(4, "big"))
    after = len(signed_part)
    numbers = body[after + 2 + int.from_bytes(body[after : after + 2], "big") :]
    digest = hasher.digest()
    if numbers[:2] != digest[:2]:
        raise EvidenceError("signature-mismatch", expected="a signature over these bytes", found="one over others")
    _check_numbers(key, _mpis(numbers[2:]), digest, _HASHES[signature.hash_algorithm])


def _check_numbers(key: OpenPgpKey, numbers: list[int], digest: bytes, algorithm: hashes.HashAlgorithm) -> None:
    mismatch = EvidenceError("signature-mismatch", expected="a signature by this key", found="another")
    material = key.body[6:]
    try:
        if key.algorithm in _RSA and len(numbers) == 1:
            modulus, exponent = _mpis(material)
            public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
            raw = numbers[0].to_bytes((modulus.bit_length() + 7) // 8, "big")
            public.verify(raw, digest, padding.PKCS1v15(), Prehashed(algorithm))
            return
        if key.algorithm in {_EDDSA, _ECDSA} and len(numbers) == 2:  # noqa: PLR2004 - r and s
            oid, point = material[1 : 1 + material[0]], _mpi_bytes(material[1 + material[0] :])
            if key.algorithm == _EDDSA and oid == _OID_ED25519 and point[:1] == b"\x40":
                check_ed25519(point[1:], numbers[0].to_bytes(32, "big") + numbers[1].to_bytes(32, "big"), digest)
                return
            if key.algorithm == _ECDSA and oid == _OID_P256:
                curve = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
                curve.verify(encode_dss_signature(*numbers), digest, ec.ECDSA(Prehashed(algorithm)))
                return
    except (InvalidSignature, ValueError, OverflowError) as error:
        raise mismatch from error
    raise EvidenceError(
        "signature-algorithm", expected="RSA, Ed25519 or ECDSA P-256", found=f"algorithm {key.algorithm}"
    )


def _parse_key(body: bytes, *, primary: bool) -> OpenPgpKey:
    version = body[0] if body else 0
    if version == 4 and len(body) > 6:  # noqa: PLR2004 - version 4 and its header
        digest = hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body, usedforsecurity=False).hexdigest()
        algorithm, material = body[5], body[6:]
    elif version == 6 and len(body) > 10:  # noqa: PLR2004 - version 6 and its header
        digest = hashlib.sha256(b"\x9b" + len(body).to_bytes(4, "big") + body).hexdigest()
        algorithm, material = body[5], body[10:]
    else:
        raise EvidenceError(_CODE, expected="a version 4 or 6 key", found=f"version {version}")
    bits = int.from_bytes(material[:2], "big") if algorithm in _RSA | {_DSA} else 0
    return OpenPgpKey(digest.upper(), algorithm, bits, body, primary)


def _mpis(data: bytes) -> list[int]:
    numbers = []
    while data:
        raw = _mpi_bytes(data)
        numbers.append(int.from_bytes(raw, "big"))
        data = data[2 + len(raw) :]
    return numbers


def _mpi_bytes(data: bytes) -> bytes:
    length = (int.from_bytes(data[:2], "big") + 7) // 8
    raw = data[2 : 2 + length]
    if len(data) < 2 or len(raw) != length:  # noqa: PLR2004 - the length itself
        raise EvidenceError("signature-malformed", expected=f"{length} bytes of a number", found=f"{len(raw)} bytes")
    return raw
