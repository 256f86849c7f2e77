"""Signature packets that lie about themselves."""

from __future__ import annotations

import pytest

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.openpgp import parse_openpgp_signatures


def packet(hashed: bytes) -> bytes:
    """A version 4 signature packet with these hashed subpackets, an Ed25519 issuer, and no real numbers."""
    body = b"\x04\x00\x16\x0a" + len(hashed).to_bytes(2, "big") + hashed + b"\x00\x00" + b"\x00\x00" + b"\x00\x01\x01"
    return b"\xc2" + bytes([len(body)]) + body


def subpacket(kind: int, content: bytes) -> bytes:
    return bytes([len(content) + 1, kind]) + content


def test_a_time_of_four_bytes_is_read() -> None:
    [signature] = parse_openpgp_signatures(packet(subpacket(2, b"\x00\x00\x00\x01") + subpacket(3, b"\xff" * 4)))
    assert signature.created
    assert signature.expires
    assert (signature.expires - signature.created).total_seconds() == 0xFFFFFFFF


@pytest.mark.parametrize("kind", [2, 3])
@pytest.mark.parametrize("size", [0, 1, 3, 5, 8, 200])
def test_a_time_of_another_length_is_refused(kind: int, size: int) -> None:
    hashed = subpacket(2, b"\x00\x00\x00\x01") if kind == 3 else b""
    content = subpacket(kind, b"\x7f" * size) if size < 190 else b"\xc0\x09" + bytes([kind]) + b"\x7f" * 200
    with pytest.raises(EvidenceError, match="openpgp-malformed"):
        parse_openpgp_signatures(packet(hashed + content))
