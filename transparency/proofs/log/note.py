"""C2SP signed notes with Ed25519 keys (https://c2sp.org/signed-note): text, an empty line, signature lines.

Verifier keys are written `name+hash+base64`, signing keys as in Go's `x/mod/sumdb/note`: `PRIVATE+KEY+name+hash+base64`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.ed25519 import KEY_BYTES, check_ed25519, refuse_weak_public_key

MAX_NOTE_BYTES = 64 * 1024
MAX_SIGNATURES = 64
ED25519 = b"\x01"
_DASH = "\u2014"
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f\ud800-\udfff]+\Z")
_HASH = re.compile(r"[0-9a-f]{8}\Z")
_PRIVATE = "PRIVATE+KEY+"
HASH_BYTES = 4


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Name and Ed25519 public key of whoever signs notes."""

    name: str
    public: bytes

    @property
    def hash(self) -> bytes:
        """The four bytes that stand before each signature."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:HASH_BYTES]


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """Name and Ed25519 seed."""

    name: str
    seed: bytes

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw())


def generate_signing_key(name: str) -> SigningKey:
    """A fresh key; the randomness is the operating system's, through `cryptography`."""
    _check_name(name)
    return SigningKey(name, Ed25519PrivateKey.generate().private_bytes_raw())


def parse_vkey(text: str) -> VerifierKey:
    """Read `name+hash+base64` (`vkey-malformed`, `key-weak`)."""
    name, digest, public = _split_key(text, "vkey-malformed")
    key = VerifierKey(name, public)
    refuse_weak_public_key(public)
    if key.hash.hex() != digest:
        raise EvidenceError("vkey-malformed", expected=f"key hash {key.hash.hex()}", found=digest)
    return key


def format_vkey(key: VerifierKey) -> str:
    return f"{key.name}+{key.hash.hex()}+{base64.b64encode(ED25519 + key.public).decode()}"


def parse_skey(text: str) -> SigningKey:
    """Read `PRIVATE+KEY+name+hash+base64` (`skey-malformed`; the error never shows the key)."""
    if not text.startswith(_PRIVATE):
        raise EvidenceError("skey-malformed", expected="PRIVATE+KEY+name+hash+base64", found="something else")
    name, digest, seed = _split_key(text.removeprefix(_PRIVATE), "skey-malformed")
    key = SigningKey(name, seed)
    if key.verifier.hash.hex() != digest:
        raise EvidenceError("skey-malformed", expected="a matching key hash", found="another")
    return key


def format_skey(key: SigningKey) -> str:
    return f"{_PRIVATE}{key.name}+{key.verifier.hash.hex()}+{base64.b64encode(ED25519 + key.seed).decode()}"


def sign_note(text: str, key: SigningKey) -> bytes:
    """The note with one signature line; `text` ends with LF and has no other control characters."""
    _check_text(text)
    signature = Ed25519PrivateKey.from_private_bytes(key.seed).sign(text.encode())
    line = base64.b64encode(key.verifier.hash + signature).decode()
    return f"{text}\n{_DASH} {key.name} {line}\n".encode()


def open_note(data: bytes, key: VerifierKey) -> str:
    """Return the text when exactly one line is by `key` and valid (`note-malformed`, `note-unsigned`, `signature-…`); unknown
    lines are ignored.
    """
    text, lines = _parse_note(data)
    own = [signature for name, digest, signature in lines if name == key.name and digest == key.hash]
    if len(own) != 1:
        raise EvidenceError("note-unsigned", expected=f"one signature by {key.name}", found=str(len(own)))
    check_ed25519(key.public, own[0], text.encode())
    return text


def _parse_note(data: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    if len(data) > MAX_NOTE_BYTES:
        raise EvidenceError("note-malformed", expected=f"at most {MAX_NOTE_BYTES} bytes", found=f"{len(data)} bytes")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise EvidenceError("note-malformed", expected="UTF-8", found=f"byte {error.start}") from error
    text, separator, signatures = whole.rpartition("\n\n")
    text += "\n"
    if not separator or not signatures.endswith("\n"):
        raise EvidenceError("note-malformed", expected="text, an empty line, signature lines", found="something else")
    _check_text(text)
    lines = [_parse_signature(line) for line in signatures[:-1].split("\n")]
    if len(lines) > MAX_SIGNATURES:
        raise EvidenceError("note-malformed", expected=f"at most {MAX_SIGNATURES} signatures", found=str(len(lines)))
    return text, lines


def _parse_signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != _DASH or not _NAME.match(name):
        raise EvidenceError("note-malformed", expected="a signature line", found=line[:80])
    data = decode_base64(encoded, "note-malformed")
    if len(data) <= HASH_BYTES:
        raise EvidenceError("note-malformed", expected="a key hash and a signature", found=f"{len(data)} bytes")
    return name, data[:HASH_BYTES], data[HASH_BYTES:]


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise EvidenceError("note-malformed", expected="a final newline", found="none")
    for character in text:
        if (character < " " and character != "\n") or "\ud800" <= character <= "\udfff":
            raise EvidenceError("note-malformed", expected="no control characters", found=repr(character))


def _check_name(name: str) -> None:
    if not _NAME.match(name):
        raise EvidenceError("key-name-malformed", expected="no spaces and no plus signs", found=name[:80])


def _split_key(text: str, code: str) -> tuple[str, str, bytes]:
    parts = text.split("+", 2)
    if len(parts) != 3 or not _NAME.match(parts[0]) or not _HASH.match(parts[1]):  # noqa: PLR2004 - name, hash, key
        raise EvidenceError(code, expected="name+hash+base64", found="another shape")
    data = decode_base64(parts[2], code)
    if len(data) != 1 + KEY_BYTES or data[:1] != ED25519:
        raise EvidenceError(
            code, expected="an Ed25519 key (type 1)", found=f"{len(data)} bytes of type {data[:1].hex()}"
        )
    return parts[0], parts[1], data[1:]


def decode_base64(text: str, code: str) -> bytes:
    """Strict standard base64: padded, no other characters, unused bits zero; else raise `code`."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EvidenceError(code, expected="base64", found=text[:40]) from error
    if base64.b64encode(data).decode() != text:
        raise EvidenceError(code, expected="canonical base64", found=text[:40])
    return data
