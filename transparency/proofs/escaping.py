"""Manifest escaping of paths (docs/formats.md section 1).

>>> escape_path("d/naïve file".encode())
'd/na%C3%AFve%20file'
>>> unescape_path("d/na%C3%AFve%20file").decode()
'd/naïve file'
"""

from __future__ import annotations

import re

from transparency.proofs.errors import EvidenceError

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/+@,=~")
_TABLE = tuple(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in range(256))
_ALL_PLAIN = re.compile(rb"[A-Za-z0-9._\-/+@,=~]*\Z")
_ESCAPED = re.compile(r"(?:[A-Za-z0-9._\-/+@,=~]|%[0-9A-F]{2})*\Z")


def escape_path(path: bytes) -> str:
    """Raw path bytes as manifest text."""
    if _ALL_PLAIN.match(path):
        return path.decode("ascii")
    return "".join(_TABLE[byte] for byte in path)


def unescape_path(text: str) -> bytes:
    """Raw path bytes; refuse what `escape_path` does not write (`path-escaping`)."""
    if "%" not in text and _ESCAPED.match(text):
        return text.encode("ascii")
    if not _ESCAPED.match(text):
        raise EvidenceError("path-escaping", expected="%XX in upper case for other bytes", found=text[:80])
    raw = re.sub(rb"%([0-9A-F]{2})", lambda match: bytes([int(match[1], 16)]), text.encode("ascii"))
    if escape_path(raw) != text:
        raise EvidenceError("path-escaping", expected=escape_path(raw), found=text[:80])
    return raw
