"""minisign signatures (https://jedisct1.github.io/minisign/): Ed25519 over the file (`Ed`) or its BLAKE2b-512 (`ED`).

A signature counts only with its second, global signature over (signature, trusted comment). The comment is data, never shown raw.
"""

from __future__ import annotations

from dataclasses import dataclass

from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.note import decode_base64
from transparency.proofs.signatures.ed25519 import KEY_BYTES, SIGNATURE_BYTES, check_ed25519, refuse_weak_public_key

MAX_SIGNATURE_BYTES = 16 * 1024
KEY_ID_BYTES = 8
BLAKE2B_BYTES = 64
_UNTRUSTED, _TRUSTED = b"untrusted comment: ", b"trusted comment: "
_LINES = 4


@dataclass(frozen=True, slots=True)
class MinisignKey:
    """Key id (as the file has it) and Ed25519 public key."""

    key_id: bytes
    public: bytes

    @property
    def fingerprint(self) -> str:
        """As minisign prints it: the id as a little endian number."""
        return self.key_id[::-1].hex().upper()


@dataclass(frozen=True, slots=True)
class MinisignSignature:
    """The fields of a `.minisig` file; nothing is checked yet."""

    prehashed: bool
    key_id: bytes
    signature: bytes
    trusted_comment: bytes
    global_signature: bytes


def parse_minisign_key(text: str) -> MinisignKey:
    """Read a `.pub` file or its second line alone (`key-malformed`, `key-weak`)."""
    lines = text.strip().splitlines()
    raw = decode_base64(lines[-1].strip() if lines else "", "key-malformed")
    if len(lines) > 2 or len(raw) != 2 + KEY_ID_BYTES + KEY_BYTES or raw[:2] != b"Ed":  # noqa: PLR2004 - comment and key
        raise EvidenceError("key-malformed", expected="a minisign public key", found=f"{len(raw)} bytes")
    key = MinisignKey(raw[2 : 2 + KEY_ID_BYTES], raw[2 + KEY_ID_BYTES :])
    refuse_weak_public_key(key.public)
    return key


def parse_minisign(data: bytes) -> MinisignSignature:
    """Read a `.minisig` file (`minisign-malformed`)."""
    lines = data.split(b"\n")
    if len(data) > MAX_SIGNATURE_BYTES or len(lines) != _LINES + 1 or lines[-1]:
        raise EvidenceError("minisign-malformed", expected="four lines", found=f"{len(lines) - 1} lines")
    if not lines[0].startswith(_UNTRUSTED) or not lines[2].startswith(_TRUSTED):
        raise EvidenceError("minisign-malformed", expected="untrusted and trusted comment", found="other lines")
    raw = decode_base64(lines[1].decode("ascii", "replace"), "minisign-malformed")
    outer = decode_base64(lines[3].decode("ascii", "replace"), "minisign-malformed")
    if len(raw) != 2 + KEY_ID_BYTES + SIGNATURE_BYTES or raw[:2] not in {b"Ed", b"ED"} or len(outer) != SIGNATURE_BYTES:
        raise EvidenceError(
            "minisign-malformed", expected="an Ed or ED signature", found=f"{raw[:2]!r}, {len(raw)} bytes"
        )
    start = 2 + KEY_ID_BYTES
    return MinisignSignature(raw[:2] == b"ED", raw[2:start], raw[start:], lines[2].removeprefix(_TRUSTED), outer)


def check_minisign(signature: MinisignSignature, key: MinisignKey, *, message: bytes | None, blake2b512: bytes) -> None:
    """Raise unless both signatures hold: `key-mismatch`, `content-needed` (plain `Ed` without the message), `signature-…`,
    `trusted-comment-mismatch`.
    """
    if signature.key_id != key.key_id:
        found = MinisignKey(signature.key_id, b"").fingerprint
        raise EvidenceError("key-mismatch", expected=key.fingerprint, found=found)
    if len(blake2b512) != BLAKE2B_BYTES:
        raise AssertionError("not a BLAKE2b-512 digest")
    if not signature.prehashed and message is None:
        raise EvidenceError("content-needed", expected="the signed file", found="its digest alone")
    check_ed25519(key.public, signature.signature, blake2b512 if signature.prehashed else message or b"")
    try:
        check_ed25519(key.public, signature.global_signature, signature.signature + signature.trusted_comment)
    except EvidenceError as error:
        raise EvidenceError(
            "trusted-comment-mismatch", expected="the comment that was signed", found="another"
        ) from error
