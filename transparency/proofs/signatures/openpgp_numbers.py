"""The numbers of OpenPGP keys and signatures (RFC 9580 sections 3.2, 5.2.3, 5.5.5): what is wrong with a key's, and do a signature's fit.

A number says how many bits it has. A key whose modulus is shorter than it claims would pass for strong by its word alone, so a key's
numbers must have their shortest form and end where the packet ends.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.ed25519 import check_ed25519, refuse_weak_public_key

MIN_RSA_BITS = 2048
_BROKEN_RSA_BITS = 1024  # shorter ones have been factored (829 bits in 2020), so that anybody may sign by them
MAX_RSA_BITS = 16_384  # as for SSH: longer ones cost more than they can be worth
RSA = frozenset({1, 3})
ELGAMAL = frozenset({16, 20})
DSA, ECDSA, EDDSA, ED25519, ED448 = 17, 19, 22, 27, 28
SIGNING = RSA | {DSA, ECDSA, EDDSA, ED25519, ED448}
HASH_TYPES: dict[str, hashes.HashAlgorithm] = {
    "MD5": hashes.MD5(),  # noqa: S303 - this and the next for self-signatures alone, which then count as weak
    "SHA1": hashes.SHA1(),  # noqa: S303 - the same
    "SHA224": hashes.SHA224(),
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
    "SHA3-256": hashes.SHA3_256(),
    "SHA3-512": hashes.SHA3_512(),
}
_OID_ED25519 = bytes.fromhex("2b06010401da470f01")
_CURVES: dict[bytes, ec.EllipticCurve] = {
    bytes.fromhex("2a8648ce3d030107"): ec.SECP256R1(),
    bytes.fromhex("2b81040022"): ec.SECP384R1(),
    bytes.fromhex("2b81040023"): ec.SECP521R1(),
    bytes.fromhex("2b2403030208010107"): ec.BrainpoolP256R1(),
    bytes.fromhex("2b240303020801010b"): ec.BrainpoolP384R1(),
    bytes.fromhex("2b240303020801010d"): ec.BrainpoolP512R1(),
}
_ED448_BYTES = 57
_ED448_P = 2**448 - 2**224 - 1
_LEAST_EXPONENT = 3
_WANTED = "RSA of 2048 bits or more, or an elliptic curve"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a key must not be enrolled: `key-weak`, `key-malformed`, or `key-type` for what cannot sign or is not known.

    `outdated`: it was good enough once (short RSA, DSA), so an old release by it says something; a broken key never did.
    """

    code: str
    expected: str
    found: str
    outdated: bool = False


class _OutdatedError(EvidenceError):
    pass


def fault_of(algorithm: int, material: bytes) -> Fault | None:
    """What is wrong with a public key's numbers; None for a sound key that can sign."""
    try:
        _examine(algorithm, material)
    except EvidenceError as error:
        return Fault(error.code, error.expected, error.found, isinstance(error, _OutdatedError))
    return None


def modulus_bits(material: bytes) -> int:
    """How long an RSA modulus really is; 0 where there is none."""
    try:
        return int.from_bytes(_mpi(material), "big").bit_length()
    except EvidenceError:
        return 0


def check_numbers(algorithm: int, material: bytes, numbers: bytes, digest: bytes, hash_name: str) -> None:
    """Raise unless a signature's numbers fit key and digest (`signature-mismatch`, `signature-algorithm`, and those of Ed25519)."""
    mismatch = EvidenceError("signature-mismatch", expected="a signature by this key", found="another")
    try:
        if algorithm in RSA:
            _check_rsa(material, numbers, digest, hash_name)
        elif algorithm == ECDSA and _curve(material) is not None:
            _check_ecdsa(material, numbers, digest, hash_name)
        elif algorithm == EDDSA and material[1 : 1 + material[0]] == _OID_ED25519:
            r, s = _two(numbers)
            check_ed25519(_point(material)[1:], r.to_bytes(32, "big") + s.to_bytes(32, "big"), digest)
        elif algorithm == ED25519:
            check_ed25519(material, numbers, digest)
        elif algorithm == ED448:
            ed448.Ed448PublicKey.from_public_bytes(material).verify(numbers, digest)
        else:
            raise EvidenceError(
                "signature-algorithm", expected="RSA, ECDSA or EdDSA of known curves", found=f"algorithm {algorithm}"
            )
    except (InvalidSignature, ValueError, OverflowError, IndexError, UnsupportedAlgorithm) as error:
        raise mismatch from error


def _check_rsa(material: bytes, numbers: bytes, digest: bytes, hash_name: str) -> None:
    modulus, exponent = _two(material)
    (value,) = _mpis(numbers)
    public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    raw = value.to_bytes((modulus.bit_length() + 7) // 8, "big")
    public.verify(raw, digest, padding.PKCS1v15(), Prehashed(HASH_TYPES[hash_name]))


def _check_ecdsa(material: bytes, numbers: bytes, digest: bytes, hash_name: str) -> None:
    curve = _curve(material)
    if curve is None:
        raise AssertionError("a curve that was looked up before")
    public = ec.EllipticCurvePublicKey.from_encoded_point(curve, _point(material))
    public.verify(encode_dss_signature(*_two(numbers)), digest, ec.ECDSA(Prehashed(HASH_TYPES[hash_name])))


def _examine(algorithm: int, material: bytes) -> None:
    if algorithm in RSA:
        _examine_rsa(*_exact(material, 2))
    elif algorithm == DSA:
        raise _OutdatedError("key-weak", expected=_WANTED, found="DSA")
    elif algorithm in ELGAMAL:
        raise EvidenceError("key-weak", expected=f"a key that can sign: {_WANTED}", found="ElGamal")
    elif algorithm == ECDSA:
        _examine_curve(material)
    elif algorithm == EDDSA:
        if material[1 : 1 + (material[0] if material else 0)] != _OID_ED25519:
            raise EvidenceError("key-type", expected="Ed25519", found="EdDSA over another curve")
        point = _only_point(material)
        if point[:1] != b"\x40":
            raise EvidenceError("key-malformed", expected="a point that begins with 40", found=point[:1].hex())
        refuse_weak_public_key(point[1:])
    elif algorithm == ED25519:
        refuse_weak_public_key(material)
    elif algorithm == ED448:
        _examine_ed448(material)
    else:
        raise EvidenceError("key-type", expected=f"a key that can sign: {_WANTED}", found=f"algorithm {algorithm}")


def _examine_rsa(modulus: int, exponent: int) -> None:
    bits = modulus.bit_length()
    if exponent < _LEAST_EXPONENT or exponent % 2 == 0 or exponent >= modulus:
        raise EvidenceError("key-weak", expected="an odd exponent of 3 or more", found=str(exponent)[:40])
    if modulus % 2 == 0:
        raise EvidenceError("key-weak", expected="an odd modulus", found="an even one")
    if not _BROKEN_RSA_BITS <= bits <= MAX_RSA_BITS:
        raise EvidenceError("key-weak", expected=_WANTED, found=f"RSA of {bits} bits")
    if bits < MIN_RSA_BITS:
        raise _OutdatedError("key-weak", expected=_WANTED, found=f"RSA of {bits} bits")


def _examine_curve(material: bytes) -> None:
    curve = _curve(material)
    if curve is None:
        raise EvidenceError("key-type", expected="a NIST or Brainpool curve", found="ECDSA over another curve")
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(curve, _only_point(material))
    except ValueError as error:
        raise EvidenceError("key-malformed", expected=f"a point of {curve.name}", found="none") from error


def _examine_ed448(material: bytes) -> None:
    if len(material) != _ED448_BYTES:
        raise EvidenceError("key-malformed", expected=f"{_ED448_BYTES} bytes", found=f"{len(material)} bytes")
    y = int.from_bytes(material, "little") & ((1 << 455) - 1)
    if y >= _ED448_P:
        raise EvidenceError("key-weak", expected="a canonical point", found="a non-canonical encoding")
    if y in {0, 1, _ED448_P - 1}:
        raise EvidenceError("key-weak", expected="a point of large order", found="a point of small order")


def _curve(material: bytes) -> ec.EllipticCurve | None:
    return _CURVES.get(material[1 : 1 + material[0]]) if material else None


def _point(material: bytes) -> bytes:
    return _mpi(material[1 + material[0] :])


def _only_point(material: bytes) -> bytes:
    numbers = material[1 + material[0] :]
    _exact(numbers, 1)
    return _mpi(numbers)


def _two(data: bytes) -> tuple[int, int]:
    first, second = _mpis(data)
    return first, second


def _mpis(data: bytes) -> list[int]:
    numbers = []
    while data:
        raw = _mpi(data)
        numbers.append(int.from_bytes(raw, "big"))
        data = data[2 + len(raw) :]
    return numbers


def _exact(data: bytes, count: int) -> list[int]:
    """Exactly so many numbers, each in its shortest form, and nothing after them (`key-malformed`)."""
    numbers = []
    for _ in range(count):
        raw, claimed = _mpi(data, "key-malformed"), int.from_bytes(data[:2], "big")
        value = int.from_bytes(raw, "big")
        if value.bit_length() != claimed:
            found = f"{value.bit_length()} bits"
            raise EvidenceError("key-malformed", expected=f"a number of {claimed} bits, as it says", found=found)
        numbers.append(value)
        data = data[2 + len(raw) :]
    if data:
        raise EvidenceError("key-malformed", expected="nothing more", found=f"{len(data)} bytes more")
    return numbers


def _mpi(data: bytes, code: str = "signature-malformed") -> bytes:
    length = (int.from_bytes(data[:2], "big") + 7) // 8
    raw = data[2 : 2 + length]
    if len(data) < 2 or len(raw) != length:  # noqa: PLR2004 - the length itself
        raise EvidenceError(code, expected=f"{length} bytes of a number", found=f"{len(raw)} bytes")
    return raw
