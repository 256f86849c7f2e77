"""SHA-256 digests as values.

>>> Digest.of(b"").hex[:8]
'e3b0c442'
>>> Digest.parse("E3")
Traceback (most recent call last):
    ...
transparency.proofs.errors.EvidenceError: digest-malformed: expected 64 lower-case hex digits, found E3
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from transparency.proofs.errors import EvidenceError

_HEX = re.compile(r"[0-9a-f]{64}\Z")
DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A SHA-256 digest: 32 raw bytes."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != DIGEST_BYTES:
            raise EvidenceError("digest-malformed", expected="32 bytes", found=f"{len(self.raw)} bytes")

    @classmethod
    def of(cls, data: bytes) -> Digest:
        return cls(hashlib.sha256(data).digest())

    @classmethod
    def parse(cls, text: str) -> Digest:
        if not _HEX.match(text):
            raise EvidenceError("digest-malformed", expected="64 lower-case hex digits", found=text[:80])
        return cls(bytes.fromhex(text))

    @property
    def hex(self) -> str:
        return self.raw.hex()

    def __str__(self) -> str:
        return self.hex
