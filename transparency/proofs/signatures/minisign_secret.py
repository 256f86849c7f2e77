"""minisign secret keys (https://jedisct1.github.io/minisign/): read them, sign with them.

Encrypted ones are unlocked with scrypt, whose cost parameters libsodium derives from two limits in the file
(crypto_pwhash_scryptsalsa208sha256, `pickparams`).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.note import decode_base64

_KEY_BYTES = 158
_PLAIN, _SCRYPT, _BLAKE2B = b"\0\0", b"Sc", b"B2"
_SECRET = slice(54, 158)
_BLOCK = 8
_MIN_OPS = 32_768
# libsodium's "sensitive" is 1 GiB; a file that asks for more than twice that is an attack on our memory.
MAX_MEMORY = 2 * 1024**3
_MAX_LOG_N = 63


@dataclass(frozen=True, slots=True, repr=False)
class MinisignSecret:
    """Key id (as in files) and Ed25519 seed."""

    key_id: bytes
    seed: bytes

    @property
    def fingerprint(self) -> str:
        return self.key_id[::-1].hex().upper()


def is_encrypted(text: str) -> bool:
    """Whether a passphrase is needed."""
    return _decode(text)[2:4] == _SCRYPT


def parse_minisign_secret(text: str, passphrase: bytes = b"") -> MinisignSecret:
    """Read a secret key file (`key-malformed`, `passphrase-wrong`)."""
    raw = _decode(text)
    secret = raw[_SECRET]
    if raw[2:4] == _SCRYPT:
        salt, ops, memory = raw[6:38], int.from_bytes(raw[38:46], "little"), int.from_bytes(raw[46:54], "little")
        stream = _stretch(passphrase, salt, ops, memory)
        secret = bytes(a ^ b for a, b in zip(secret, stream, strict=True))
    elif raw[2:4] != _PLAIN:
        raise EvidenceError("key-malformed", expected="scrypt or no encryption", found=repr(raw[2:4]))
    key_id, pair, checksum = secret[:8], secret[8:72], secret[72:]
    if hashlib.blake2b(b"Ed" + key_id + pair, digest_size=32).digest() != checksum:
        if raw[2:4] == _SCRYPT:
            raise EvidenceError("passphrase-wrong", expected="the passphrase of this key", found="another")
        if any(checksum):  # `minisign -W` leaves it empty
            raise EvidenceError("key-malformed", expected="a matching checksum or none", found="another")
    if Ed25519PrivateKey.from_private_bytes(pair[:32]).public_key().public_bytes_raw() != pair[32:]:
        raise EvidenceError("key-malformed", expected="two halves of one key", found="another public key")
    return MinisignSecret(key_id, pair[:32])


def sign_minisign(key: MinisignSecret, message: bytes, trusted_comment: str) -> bytes:
    """The bytes of a `.minisig` file over `message`, prehashed."""
    private = Ed25519PrivateKey.from_private_bytes(key.seed)
    signature = private.sign(hashlib.blake2b(message).digest())
    comment = trusted_comment.encode()
    outer = private.sign(signature + comment)
    blob = base64.b64encode(b"ED" + key.key_id + signature)
    first = b"untrusted comment: signature from transparency sign\n"
    return first + blob + b"\ntrusted comment: " + comment + b"\n" + base64.b64encode(outer) + b"\n"


def _decode(text: str) -> bytes:
    lines = text.strip().splitlines()
    raw = decode_base64(lines[-1].strip() if lines else "", "key-malformed")
    if len(lines) != 2 or len(raw) != _KEY_BYTES or raw[:2] != b"Ed" or raw[4:6] != _BLAKE2B:  # noqa: PLR2004 - comment, key
        raise EvidenceError("key-malformed", expected="a minisign secret key", found=f"{len(raw)} bytes")
    return raw


def _stretch(passphrase: bytes, salt: bytes, ops: int, memory: int) -> bytes:
    if memory > MAX_MEMORY:
        raise EvidenceError("key-malformed", expected=f"at most {MAX_MEMORY} bytes for scrypt", found=str(memory))
    ops = max(ops, _MIN_OPS)
    if ops < memory // 32:
        parallel, most = 1, ops // (_BLOCK * 4)
        log_n = _log_over(most)
    else:
        log_n = _log_over(memory // (_BLOCK * 128))
        most = min((ops // 4) // (1 << log_n), 0x3FFFFFFF)
        parallel = most // _BLOCK
    return hashlib.scrypt(
        passphrase, salt=salt, n=1 << log_n, r=_BLOCK, p=parallel, maxmem=MAX_MEMORY + 64 * 1024**2, dklen=104
    )


def _log_over(most: int) -> int:
    log_n = 1
    while log_n < _MAX_LOG_N and (1 << log_n) <= most // 2:
        log_n += 1
    return log_n
