"""OpenBSD signify's detached signatures (signify(1)): Ed25519 over the whole file, a comment that nobody signs.

Key and signature are two lines, `untrusted comment: …` and base64 of `Ed`, an 8-byte key number, and the 32 or 64 bytes. A minisign
file has the same first line and four lines in all. Embedded signatures (`signify -e`, `-z`) are not detached and not read.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.note import decode_base64
from transparency.proofs.signatures.ed25519 import KEY_BYTES, SIGNATURE_BYTES, check_ed25519, refuse_weak_public_key

MAX_SIGNATURE_BYTES = 2048
NUMBER_BYTES = 8
_COMMENT = b"untrusted comment: "
_ALGORITHM = b"Ed"


@dataclass(frozen=True, slots=True)
class SignifyKey:
    """Key number (as the file has it) and Ed25519 public key."""

    number: bytes
    public: bytes

    @property
    def fingerprint(self) -> str:
        """The key number in hex, in the order of its bytes; the tool itself prints none."""
        return self.number.hex()


@dataclass(frozen=True, slots=True)
class SignifySignature:
    """The fields of a `.sig` file; nothing is checked yet, and the comment is anybody's."""

    comment: bytes
    number: bytes
    signature: bytes


def parse_signify_key(text: str) -> SignifyKey:
    """Read a `.pub` file or its second line alone (`key-malformed`, `key-weak`)."""
    lines = text.strip().splitlines()
    raw = decode_base64(lines[-1].strip() if lines else "", "key-malformed")
    if len(lines) > 2 or len(raw) != 2 + NUMBER_BYTES + KEY_BYTES or raw[:2] != _ALGORITHM:  # noqa: PLR2004 - comment and key
        raise EvidenceError("key-malformed", expected="a signify public key", found=f"{len(raw)} bytes")
    key = SignifyKey(raw[2 : 2 + NUMBER_BYTES], raw[2 + NUMBER_BYTES :])
    refuse_weak_public_key(key.public)
    return key


def parse_signify(data: bytes) -> SignifySignature:
    """Read a detached `.sig` file (`signify-malformed`)."""
    lines = data.split(b"\n")
    if len(data) > MAX_SIGNATURE_BYTES or len(lines) != 3 or lines[-1] or not lines[0].startswith(_COMMENT):  # noqa: PLR2004 - two lines
        raise EvidenceError("signify-malformed", expected="two lines", found=f"{len(lines) - 1} lines")
    raw = decode_base64(lines[1].decode("ascii", "replace"), "signify-malformed")
    if len(raw) != 2 + NUMBER_BYTES + SIGNATURE_BYTES or raw[:2] != _ALGORITHM:
        raise EvidenceError("signify-malformed", expected="an Ed signature", found=f"{raw[:2]!r}, {len(raw)} bytes")
    start = 2 + NUMBER_BYTES
    return SignifySignature(lines[0].removeprefix(_COMMENT), raw[2:start], raw[start:])


def format_signify(signature: SignifySignature) -> bytes:
    """The two lines."""
    raw = _ALGORITHM + signature.number + signature.signature
    return _COMMENT + signature.comment + b"\n" + base64.b64encode(raw) + b"\n"


def check_signify(signature: SignifySignature, key: SignifyKey, message: bytes) -> None:
    """Raise unless the signature over the whole message holds (`key-mismatch`, `signature-…`)."""
    if signature.number != key.number:
        raise EvidenceError("key-mismatch", expected=key.fingerprint, found=signature.number.hex())
    check_ed25519(key.public, signature.signature, message)
