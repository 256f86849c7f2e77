"""Byte strings in a row, as they go into a contained process and come back: for each a 4-byte big-endian length, then its bytes.

>>> split_fields(join_fields([b"a", b"", b"bc"]))
[b'a', b'', b'bc']
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterable

LENGTH_BYTES = 4


def join_fields(fields: Iterable[bytes]) -> bytes:
    return b"".join(part for field in fields for part in (len(field).to_bytes(LENGTH_BYTES, "big"), field))


def split_fields(data: bytes) -> list[bytes]:
    """Raise `fields-malformed` unless the bytes are whole fields and nothing else."""
    fields, place = [], 0
    while place < len(data):
        end = place + LENGTH_BYTES + int.from_bytes(data[place : place + LENGTH_BYTES], "big")
        if end > len(data) or place + LENGTH_BYTES > len(data):
            raise EvidenceError("fields-malformed", expected="whole fields", found=f"{len(data)} bytes")
        fields.append(data[place + LENGTH_BYTES : end])
        place = end
    return fields
