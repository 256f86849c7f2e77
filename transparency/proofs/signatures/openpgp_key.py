"""OpenPGP certificates as packets (RFC 9580): which keys are in one, how strong they are, and what is said about each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.openpgp import dearmour, packets, parse_areas
from transparency.proofs.signatures.openpgp_numbers import RSA, Fault, fault_of, modulus_bits

MAX_CERTIFICATE_BYTES = 1024 * 1024
PRIMARY, SUBKEY, SIGNATURE, USER_ID = 6, 14, 2, 13
_V6 = 6
_MAX_V4_BYTES = 0xFFFF  # its fingerprint has two bytes for the length
_REVOKES_KEY = 0x20
_REASON = 29
SOFT_REASONS = frozenset({1, 3})  # superseded, retired: like expiry
_CODE = "key-malformed"


@dataclass(frozen=True, slots=True)
class OpenPgpKey:
    """One key packet: fingerprint (upper-case hex), algorithm number, bits (RSA only, else 0), its body, what is wrong with it."""

    fingerprint: str
    algorithm: int
    bits: int
    body: bytes
    primary: bool
    fault: Fault | None

    @property
    def version(self) -> int:
        return self.body[0]

    @property
    def material(self) -> bytes:
        """The numbers alone, after the header of the key's version."""
        return self.body[10:] if self.version == _V6 else self.body[6:]

    @property
    def created(self) -> datetime:
        return datetime.fromtimestamp(int.from_bytes(self.body[1:5], "big"), UTC)

    @property
    def weak(self) -> bool:
        """Whether nothing that it signs counts; a kind that we do not know is not weak, nothing by it holds."""
        return self.fault is not None and self.fault.code != "key-type"

    def is_named(self, issuer: str) -> bool:
        """Whether a signature's issuer (fingerprint or key id) means this key."""
        if len(issuer) == 16:  # noqa: PLR2004 - a key id
            return (self.fingerprint[:16] if len(self.fingerprint) == 64 else self.fingerprint[-16:]) == issuer  # noqa: PLR2004 - v6
        return self.fingerprint == issuer


@dataclass(frozen=True, slots=True)
class Component:
    """A key, a user id or another packet of a certificate, and the bodies of the signature packets after it."""

    tag: int
    body: bytes
    signatures: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class OpenPgpCertificate:
    """Keys of one certificate, the primary first, and the reasons of revocation signatures on it (None: no reason given)."""

    keys: tuple[OpenPgpKey, ...]
    revocation_reasons: tuple[int | None, ...]
    components: tuple[Component, ...]

    @property
    def fingerprint(self) -> str:
        return self.keys[0].fingerprint

    @property
    def softly_revoked(self) -> bool:
        """Whether every revocation says superseded or retired; meaningful only for a certificate that a library calls revoked."""
        return bool(self.revocation_reasons) and all(reason in SOFT_REASONS for reason in self.revocation_reasons)


def parse_openpgp_certificate(data: bytes) -> OpenPgpCertificate:
    """Read one certificate, armoured or binary (`key-malformed`). Keys that must not be enrolled are read too, with their fault."""
    components = _components(data)
    keys: list[OpenPgpKey] = []
    reasons: list[int | None] = []
    for component in components:
        if component.tag in {PRIMARY, SUBKEY}:
            if (component.tag == PRIMARY) != (not keys):
                raise EvidenceError(_CODE, expected="one certificate", found="none or several")
            keys.append(_parse_key(component.body, primary=component.tag == PRIMARY))
        revocations = (body for body in component.signatures if len(body) > 1 and body[1] == _REVOKES_KEY)
        reasons.extend(map(revocation_reason, revocations))
    if not keys:
        raise EvidenceError(_CODE, expected="an OpenPGP certificate", found="no key in it")
    return OpenPgpCertificate(tuple(keys), tuple(reasons), components)


def revocation_reason(body: bytes) -> int | None:
    """The reason that a revocation signature gives in what it signs; None when it gives none."""
    reason = parse_areas(body)[0].get(_REASON)
    return reason[0] if reason else None


def _components(data: bytes) -> tuple[Component, ...]:
    if len(data) > MAX_CERTIFICATE_BYTES:
        raise EvidenceError(_CODE, expected=f"at most {MAX_CERTIFICATE_BYTES} bytes", found=f"{len(data)} bytes")
    raw = dearmour(data, "PUBLIC KEY BLOCK", _CODE) if data.lstrip()[:5] == b"-----" else data
    found: list[tuple[int, bytes, list[bytes]]] = []
    for tag, body, _ in packets(raw, _CODE):
        if tag != SIGNATURE:
            found.append((tag, body, []))
        elif found:
            found[-1][2].append(body)
        else:
            raise EvidenceError(_CODE, expected="an OpenPGP certificate", found="a signature in front of it")
    return tuple(Component(tag, body, tuple(signatures)) for tag, body, signatures in found)


def _parse_key(body: bytes, *, primary: bool) -> OpenPgpKey:
    version = body[0] if body else 0
    fault: Fault | None = None
    if version == 4 and 6 < len(body) <= _MAX_V4_BYTES:  # noqa: PLR2004 - version 4 and its header
        digest = hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body, usedforsecurity=False).hexdigest()
        algorithm, material = body[5], body[6:]
    elif version == _V6 and len(body) > 10:  # noqa: PLR2004 - version 6 and its header
        digest = hashlib.sha256(b"\x9b" + len(body).to_bytes(4, "big") + body).hexdigest()
        algorithm, material = body[5], body[10:]
        if (claimed := int.from_bytes(body[6:10], "big")) != len(material):
            fault = Fault(_CODE, f"{claimed} bytes of numbers", f"{len(material)} bytes")
    else:
        raise EvidenceError(_CODE, expected="a version 4 or 6 key", found=f"version {version}")
    bits = modulus_bits(material) if algorithm in RSA else 0
    return OpenPgpKey(digest.upper(), algorithm, bits, body, primary, fault or fault_of(algorithm, material))
