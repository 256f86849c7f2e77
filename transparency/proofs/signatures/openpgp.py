"""OpenPGP detached signatures, as packets (RFC 9580). Only read here; gateways/openpgp.py asks a library whether they hold.

A file may hold signature packets and nothing else: literal data, compressed data, one-pass signatures and the cleartext
framework are refused, so an inline-signed blob is never taken for a detached signature, and no file name inside it is ever looked at.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.note import decode_base64

MAX_FILE_BYTES = 64 * 1024
MAX_SIGNATURES = 16
SIGNATURE_TAG = 2
HASHES = {
    1: "MD5",
    2: "SHA1",
    3: "RIPEMD160",
    8: "SHA256",
    9: "SHA384",
    10: "SHA512",
    11: "SHA224",
    12: "SHA3-256",
    14: "SHA3-512",
}
WEAK_HASHES = frozenset({"MD5", "SHA1", "RIPEMD160"})
KEY_ALGORITHMS = {1: "RSA", 3: "RSA", 16: "ElGamal", 17: "DSA", 19: "ECDSA", 22: "EdDSA", 27: "Ed25519", 28: "Ed448"}
BINARY_DOCUMENT, TEXT_DOCUMENT = 0x00, 0x01
_CREATED, _EXPIRES, _ISSUER, _FINGERPRINT = 2, 3, 16, 33
_V4_HEADER = 6
_MALFORMED = "openpgp-malformed"


@dataclass(frozen=True, slots=True)
class OpenPgpSignature:
    """What one signature packet says of itself. `issuer` is the fingerprint, else the key id, upper-case hex; all of it is a claim."""

    packet: bytes
    version: int
    kind: int
    hash_algorithm: str
    key_algorithm: str
    issuer: str
    created: datetime | None
    expires: datetime | None


def parse_openpgp_signatures(data: bytes) -> tuple[OpenPgpSignature, ...]:
    """Read a detached signature file, armoured or binary (`openpgp-malformed`, `openpgp-not-detached`)."""
    if len(data) > MAX_FILE_BYTES:
        raise EvidenceError(_MALFORMED, expected=f"at most {MAX_FILE_BYTES} bytes", found=f"{len(data)} bytes")
    if data.lstrip().startswith(b"-----BEGIN PGP SIGNED MESSAGE-----"):
        raise EvidenceError("openpgp-not-detached", expected="a detached signature", found="a cleartext signed message")
    if data.lstrip().startswith(b"-----BEGIN PGP MESSAGE-----"):
        raise EvidenceError("openpgp-not-detached", expected="a detached signature", found="a message")
    raw = dearmour(data, "SIGNATURE", _MALFORMED) if data.lstrip()[:5] == b"-----" else data
    if raw and raw[0] & 0x80:
        _is_signature(
            raw[0] & 0x3F if raw[0] & 0x40 else (raw[0] >> 2) & 0x0F
        )  # before any length, which may be indefinite
    found = tuple(
        _parse_signature(body, packet) for tag, body, packet in packets(raw, _MALFORMED) if _is_signature(tag)
    )
    if not 0 < len(found) <= MAX_SIGNATURES:
        raise EvidenceError(_MALFORMED, expected=f"1 to {MAX_SIGNATURES} signatures", found=str(len(found)))
    return found


def _is_signature(tag: int) -> bool:
    if tag != SIGNATURE_TAG:
        raise EvidenceError("openpgp-not-detached", expected="signature packets only", found=f"a packet of type {tag}")
    return True


def packets(data: bytes, code: str) -> list[tuple[int, bytes, bytes]]:
    """(tag, body, whole packet) of each packet, else raise `code`; partial and indeterminate lengths have no place in what we read."""
    found, place = [], 0
    while place < len(data):
        start, header = place, data[place]
        if not header & 0x80:
            raise EvidenceError(code, expected="an OpenPGP packet", found=f"byte 0x{header:02x}")
        if header & 0x40:
            tag, (length, used) = header & 0x3F, _new_length(data[place + 1 : place + 6], code)
        else:
            tag, (length, used) = (header >> 2) & 0x0F, _old_length(header & 0x03, data[place + 1 : place + 5], code)
        place += 1 + used
        body = data[place : place + length]
        if len(body) != length:
            raise EvidenceError(code, expected=f"{length} bytes", found=f"{len(body)} bytes")
        place += length
        found.append((tag, body, data[start:place]))
    return found


def _new_length(data: bytes, code: str) -> tuple[int, int]:
    first = data[0] if data else 255
    if first < 192:  # noqa: PLR2004 - RFC 9580 section 4.2.1
        return first, 1
    if first < 224 and len(data) > 1:  # noqa: PLR2004 - the same
        return ((first - 192) << 8) + data[1] + 192, 2
    if first == 255 and len(data) >= 5:  # noqa: PLR2004 - the same
        return int.from_bytes(data[1:5], "big"), 5
    raise EvidenceError(code, expected="a definite length", found="a partial or missing one")


def _old_length(kind: int, data: bytes, code: str) -> tuple[int, int]:
    size = (1, 2, 4, 0)[kind]
    if not size or len(data) < size:
        raise EvidenceError(code, expected="a definite length", found="an indeterminate one")
    return int.from_bytes(data[:size], "big"), size


def _parse_signature(body: bytes, packet: bytes) -> OpenPgpSignature:
    version = body[0] if body else 0
    if version not in {4, 6} or len(body) < _V4_HEADER:
        raise EvidenceError(_MALFORMED, expected="a version 4 or 6 signature", found=f"version {version}")
    hashed, loose = parse_areas(body)
    # Issuers outside the hashed area are hints like the rest; times there would be anybody's to change.
    issuer = b""
    for area in (hashed, loose):
        issuer = issuer or area.get(_FINGERPRINT, b"")[1:] or area.get(_ISSUER, b"")
    seconds, lifetime = _seconds(hashed, _CREATED), _seconds(hashed, _EXPIRES)
    created = None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    return OpenPgpSignature(
        packet=packet,
        version=version,
        kind=body[1],
        hash_algorithm=HASHES.get(body[3], f"hash {body[3]}"),
        key_algorithm=KEY_ALGORITHMS.get(body[2], f"algorithm {body[2]}"),
        issuer=issuer.hex().upper(),
        created=created,
        expires=created + timedelta(seconds=lifetime) if created and lifetime else None,
    )


def parse_areas(body: bytes) -> tuple[dict[int, bytes], dict[int, bytes]]:
    """Subpackets of a signature packet's hashed and unhashed areas: type -> content."""
    wide = 4 if body[0] == 6 else 2  # noqa: PLR2004 - RFC 9580 section 5.2.3
    hashed, after = _area(body, 4, wide)
    unhashed, _ = _area(body, after, wide)
    return _subpackets(hashed), _subpackets(unhashed)


def _area(body: bytes, start: int, wide: int) -> tuple[bytes, int]:
    length = int.from_bytes(body[start : start + wide], "big")
    end = start + wide + length
    if end > len(body):
        raise EvidenceError(_MALFORMED, expected=f"{length} bytes of subpackets", found="fewer")
    return body[start + wide : end], end


def _subpackets(area: bytes) -> dict[int, bytes]:
    """Type -> content; the first of each type, the critical bit left out."""
    found: dict[int, bytes] = {}
    place = 0
    while place < len(area):
        length, used = _subpacket_length(area[place : place + 5])
        place += used
        content = area[place : place + length]
        if not length or len(content) != length:
            raise EvidenceError(_MALFORMED, expected="whole subpackets", found="a torn one")
        found.setdefault(content[0] & 0x7F, content[1:])
        place += length
    return found


def _subpacket_length(data: bytes) -> tuple[int, int]:
    first = data[0]
    if first < 192:  # noqa: PLR2004 - RFC 9580 section 5.2.3.7
        return first, 1
    if first < 255 and len(data) > 1:  # noqa: PLR2004 - the same
        return ((first - 192) << 8) + data[1] + 192, 2
    return int.from_bytes(data[1:5], "big"), 5


def _seconds(area: dict[int, bytes], kind: int) -> int | None:
    """The four bytes of a time or of a span (RFC 9580 section 3.5); another length would be read in another way by each reader."""
    raw = area.get(kind)
    if raw is not None and len(raw) != 4:  # noqa: PLR2004 - the same
        raise EvidenceError(_MALFORMED, expected="a time of 4 bytes", found=f"{len(raw)} bytes")
    return None if raw is None else int.from_bytes(raw, "big")


def dearmour(data: bytes, what: str, code: str) -> bytes:
    """Bytes of exactly one armoured block `BEGIN PGP <what>`; its CRC must match if there is one (else raise `code`)."""
    begin, end = f"-----BEGIN PGP {what}-----", f"-----END PGP {what}-----"
    try:
        lines = [line.rstrip() for line in data.decode("utf-8").strip().splitlines()]
    except UnicodeDecodeError as error:
        raise EvidenceError(code, expected="armour", found=f"byte {error.start}") from error
    if lines[0] != begin or lines[-1] != end or "" not in lines or lines.count(begin) != 1:
        raise EvidenceError(code, expected=f"one block {begin}", found=lines[0][:60])
    body = lines[lines.index("") + 1 : -1]
    checksum = body.pop()[1:] if body and body[-1].startswith("=") else None
    raw = decode_base64("".join(body), code)
    if checksum is not None and decode_base64(checksum, code) != _crc24(raw).to_bytes(3, "big"):
        raise EvidenceError(code, expected="a matching CRC", found="another")
    return raw


def armour(data: bytes, what: str = "PUBLIC KEY BLOCK") -> str:
    """One armoured block, as `dearmour` reads it; without the CRC, which RFC 9580 no longer wants."""
    text = base64.b64encode(data).decode()
    lines = [text[place : place + 64] for place in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN PGP {what}-----", "", *lines, f"-----END PGP {what}-----"])


def _crc24(data: bytes) -> int:
    crc = 0xB704CE
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1864CFB
    return crc & 0xFFFFFF
