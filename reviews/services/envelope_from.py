"""The envelope in what somebody hands in for a statement: an envelope as it is, or a detached signature put into one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.proofs.attest.detached import is_envelope, wrap_signature

if TYPE_CHECKING:
    from reviews.models import Statement


def envelope_from(*, statement: Statement, data: bytes) -> bytes:
    """Return the envelope's bytes, of which nothing is checked yet; raises what `wrap_signature` raises."""
    if is_envelope(data):
        return data
    anchor = statement.anchor
    return wrap_signature(bytes(statement.payload), key_format=anchor.format, keyid=anchor.fingerprint, data=data)
