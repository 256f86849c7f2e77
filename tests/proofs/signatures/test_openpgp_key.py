"""OpenPGP keys that claim to be stronger than they are, and certificates put together from copies."""

from __future__ import annotations

import warnings

import pysequoia
import pytest

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.certificates import merge_certificates
from transparency.proofs.signatures.openpgp_key import (
    PRIMARY,
    SUBKEY,
    parse_openpgp_certificate,
)

OID_ED25519 = bytes([9]) + bytes.fromhex("2b06010401da470f01")
OID_P256 = bytes([8]) + bytes.fromhex("2a8648ce3d030107")
GOOD_MODULUS = (1 << 2047) | 1
P = 2**255 - 19
SMALL = bytes([1]) + bytes(31)
LARGE_Y = (P + 3).to_bytes(32, "little")
BASE = bytes([0x58]) + b"\x66" * 31


def number(value: int, claimed: int | None = None) -> bytes:
    bits = value.bit_length() if claimed is None else claimed
    return bits.to_bytes(2, "big") + value.to_bytes((bits + 7) // 8, "big")


def point(raw: bytes) -> bytes:
    return OID_ED25519 + number(int.from_bytes(b"\x40" + raw, "big"))


def packet(tag: int, algorithm: int, material: bytes, version: int = 4) -> bytes:
    length = len(material).to_bytes(4, "big") if version == 6 else b""
    body = bytes([version]) + (1_600_000_000).to_bytes(4, "big") + bytes([algorithm]) + length + material
    return bytes((0xC0 | tag, 0xFF)) + len(body).to_bytes(4, "big") + body


def rsa(modulus: int = GOOD_MODULUS, exponent: int = 65537, claimed: int | None = None) -> bytes:
    return number(modulus, claimed) + number(exponent)


BAD: dict[str, tuple[int, bytes, int, str, str]] = {
    "RSA whose modulus is shorter than it claims": (
        1,
        rsa((1 << 511) | 1, claimed=2048),
        4,
        "key-malformed",
        "512 bits",
    ),
    "short RSA": (1, rsa((1 << 511) | 1), 4, "key-weak", "RSA of 512 bits"),
    "RSA of 2047 bits": (3, rsa((1 << 2046) | 1), 4, "key-weak", "RSA of 2047 bits"),
    "RSA that is too long to be worth it": (1, rsa((1 << 20_000) | 1), 4, "key-weak", "RSA of 20001 bits"),
    "RSA with exponent 1": (1, rsa(exponent=1), 4, "key-weak", "1"),
    "RSA with an even exponent": (1, rsa(exponent=65536), 4, "key-weak", "65536"),
    "RSA with an even modulus": (1, rsa(1 << 2047), 4, "key-weak", "an even one"),
    "RSA with an exponent padded by a zero": (1, number(GOOD_MODULUS) + number(3, 17), 4, "key-malformed", "2 bits"),
    "RSA without an exponent": (1, number(GOOD_MODULUS), 4, "key-malformed", "0 bytes"),
    "RSA with something after it": (1, rsa() + b"x", 4, "key-malformed", "1 bytes more"),
    "DSA": (17, number(GOOD_MODULUS), 4, "key-weak", "DSA"),
    "ElGamal, which signs nothing": (16, number(GOOD_MODULUS), 4, "key-weak", "ElGamal"),
    "RSA that only encrypts": (2, rsa(), 4, "key-type", "algorithm 2"),
    "ECDH, which signs nothing": (18, point(BASE), 4, "key-type", "algorithm 18"),
    "EdDSA of small order": (22, point(SMALL), 4, "key-weak", "a point of small order"),
    "EdDSA not canonical": (22, point(LARGE_Y), 4, "key-weak", "a non-canonical encoding"),
    "EdDSA no point": (22, point(bytes([2]) + bytes(31)), 4, "key-malformed", "none"),
    "EdDSA with another prefix": (22, OID_ED25519 + number(5 << 256), 4, "key-malformed", "05"),
    "EdDSA padded by a zero": (22, OID_ED25519 + number(0x40 << 256 | 9, 272), 4, "key-malformed", "263 bits"),
    "EdDSA without anything": (22, b"\x09", 4, "key-type", "EdDSA over another curve"),
    "ECDSA, a point that is none": (19, OID_P256 + number(4 << 512 | 5), 4, "key-malformed", "none"),
    "ECDSA over an unknown curve": (19, b"\x01\x00" + number(4 << 512 | 5), 4, "key-type", "ECDSA over another curve"),
    "v6 Ed25519 of zeros": (27, bytes(32), 6, "key-weak", "a point of small order"),
    "v6 Ed25519 not canonical": (27, LARGE_Y, 6, "key-weak", "a non-canonical encoding"),
    "v6 Ed25519 too short": (27, bytes(31), 6, "key-malformed", "31 bytes"),
    "v4 Ed25519 of the new kind, small order": (27, SMALL, 4, "key-weak", "a point of small order"),
    "v6 Ed448 of zeros": (28, bytes(57), 6, "key-weak", "a point of small order"),
    "v6 RSA with exponent 1": (1, rsa(exponent=1), 6, "key-weak", "1"),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_a_key_is_as_strong_as_its_numbers_are_and_not_as_it_claims(case: str) -> None:
    algorithm, material, version, code, found = BAD[case]
    (key,) = parse_openpgp_certificate(packet(PRIMARY, algorithm, material, version)).keys
    assert key.fault is not None
    assert (key.fault.code, key.fault.found) == (code, found)
    assert key.weak == (code != "key-type")


@pytest.mark.parametrize(
    ("algorithm", "material", "version"), [(1, rsa(), 4), (3, rsa(exponent=3), 6), (22, point(BASE), 4), (27, BASE, 6)]
)
def test_a_sound_key_has_no_fault(algorithm: int, material: bytes, version: int) -> None:
    (key,) = parse_openpgp_certificate(packet(PRIMARY, algorithm, material, version)).keys
    assert (key.fault, key.weak) == (None, False)


def test_what_was_good_once_is_told_from_what_never_was() -> None:
    def outdated(algorithm: int, material: bytes) -> bool:
        fault = parse_openpgp_certificate(packet(PRIMARY, algorithm, material)).keys[0].fault
        return fault is not None and fault.outdated

    assert outdated(17, number(GOOD_MODULUS))
    assert outdated(1, rsa((1 << 1023) | 1))
    assert not outdated(1, rsa((1 << 767) | 1))
    assert not outdated(1, rsa((1 << 1023) | 1, exponent=1))
    assert not outdated(22, point(SMALL))


def test_a_version_6_key_says_truly_how_long_its_numbers_are() -> None:
    good = packet(PRIMARY, 27, BASE, 6)
    (key,) = parse_openpgp_certificate(
        good.replace((32).to_bytes(4, "big") + BASE, (31).to_bytes(4, "big") + BASE)
    ).keys
    assert key.fault is not None
    assert (key.fault.code, key.fault.expected) == ("key-malformed", "31 bytes of numbers")


def test_a_version_4_key_that_is_too_long_for_its_fingerprint_is_malformed() -> None:
    with pytest.raises(EvidenceError, match="key-malformed"):
        parse_openpgp_certificate(packet(PRIMARY, 1, bytes(70_000)))


class TestCopies:
    def test_joining_keeps_everything_once_and_the_primary_first(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            whole = bytes(pysequoia.Cert.generate("V <v@vendor.test>"))
        certificate = parse_openpgp_certificate(whole)
        subkeys = [item for item in certificate.components if item.tag == SUBKEY]
        extra = packet(SUBKEY, 27, BASE, 4)
        joined = parse_openpgp_certificate(merge_certificates(merge_certificates(whole, whole + extra), whole))
        assert joined.fingerprint == certificate.fingerprint
        assert joined.components[: len(certificate.components)] == certificate.components
        assert [item.tag for item in joined.components[-1:]] == [SUBKEY]
        assert len(joined.keys) == len(subkeys) + 2
        assert merge_certificates(whole, whole) == whole

    def test_only_copies_of_one_certificate_are_joined(self) -> None:
        with pytest.raises(EvidenceError, match="key-malformed"):
            merge_certificates(packet(PRIMARY, 27, BASE), packet(PRIMARY, 1, rsa()))
