"""Ed25519 with one strict rule set, used everywhere (RFC 8032; docs/formats.md section 6).

Libraries differ in what they accept; two centres must not disagree about one attestation. So: `A` and `R` canonically encoded and not of
small order, `S < L`, and the cofactorless equation, which OpenSSL (through `cryptography`) checks by comparing encodings.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from transparency.proofs.errors import EvidenceError

KEY_BYTES = 32
SIGNATURE_BYTES = 64
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_L = 2**252 + 27742317777372353535851937790883648493
_SIGN_BIT = 1 << 255
# y coordinates of the eight points of small order (the sign bit does not matter): 0, 1, -1 and the two of order 8.
_SMALL_ORDER_Y = frozenset(
    {
        0,
        1,
        _P - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    }
)


def refuse_weak_public_key(public: bytes) -> None:
    """Raise `key-malformed` or `key-weak` for a key that must not be enrolled."""
    _refuse_encoding(public)
    y = int.from_bytes(public, "little") & (_SIGN_BIT - 1)
    square = (y * y - 1) * (_D * y * y + 1) % _P  # of x, but for a square factor (RFC 8032 section 5.1.3)
    if pow(square, (_P - 1) // 2, _P) != 1:
        raise EvidenceError("key-malformed", expected="a point of the curve", found="none")


def _refuse_encoding(public: bytes) -> None:
    if len(public) != KEY_BYTES:
        raise EvidenceError("key-malformed", expected=f"{KEY_BYTES} bytes", found=f"{len(public)} bytes")
    y = _canonical_y(public, "key-weak")
    if y in _SMALL_ORDER_Y:
        raise EvidenceError("key-weak", expected="a point of large order", found="a point of small order")


def check_ed25519(public: bytes, signature: bytes, message: bytes) -> None:
    """Raise `signature-malformed`, `signature-weak` or `signature-mismatch`; return when the signature holds."""
    _refuse_encoding(public)
    if len(signature) != SIGNATURE_BYTES:
        raise EvidenceError("signature-malformed", expected=f"{SIGNATURE_BYTES} bytes", found=f"{len(signature)} bytes")
    if _canonical_y(signature[:32], "signature-weak") in _SMALL_ORDER_Y:
        raise EvidenceError("signature-weak", expected="R of large order", found="R of small order")
    if int.from_bytes(signature[32:], "little") >= _L:
        raise EvidenceError("signature-malformed", expected="S below the group order", found="a larger S")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature as error:
        raise EvidenceError("signature-mismatch", expected="a signature by this key", found="another") from error


def _canonical_y(encoded: bytes, code: str) -> int:
    y = int.from_bytes(encoded, "little") & (_SIGN_BIT - 1)
    if y >= _P:
        raise EvidenceError(code, expected="a canonical point", found="a non-canonical encoding")
    return y
