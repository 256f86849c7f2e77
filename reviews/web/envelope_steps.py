"""What was checked about a signed envelope, step by step, in the order of reviews/services/accept_envelope.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reviews.models import Attestation, Statement
    from transparency.errors import EvidenceError
    from transparency.reports import Step

HANDED_IN, READ, FROZEN, SIGNED, LOGGED = range(5)
_NAMES = (
    "handed in by the person it was handed out to, and not signed before",
    "the envelope, or the signature, reads",
    "its payload is the frozen statement",
    "your enrolled key signed it",
    "kept and logged",
)
_FAILED_AT = {
    "not-a-member": HANDED_IN,
    "not-the-reviewer": HANDED_IN,
    "terms-not-accepted": HANDED_IN,
    "statement-abandoned": HANDED_IN,
    "payload-mismatch": FROZEN,
    "already-attested": HANDED_IN,
    "statement-malformed": FROZEN,
    "envelope-signatures": SIGNED,
    "envelope-malformed": READ,
    "payload-type": READ,
}
_READING = ("envelope-", "json-", "base64-")


def accepted_steps(row: Statement, attestation: Attestation) -> list[Step]:
    index = attestation.entry.index
    logged = f"log entry {index}" if index is not None else "accepted; it gets its place in the log in a moment"
    found = ("you", f"sha256 {attestation.digest}", f"sha256 {row.digest}", row.anchor.fingerprint, logged)
    return [_step(name, "holds", "", each) for name, each in zip(_NAMES, found, strict=True)]


def refused_steps(row: Statement, error: EvidenceError, *, made: bool = True) -> list[Step]:
    """Those before the failure hold; those after it were not reached. Not `made`: no envelope could be made of what was handed in."""
    at = _FAILED_AT.get(error.code, READ if not made or error.code.startswith(_READING) else SIGNED)
    known = ("you", "", f"sha256 {row.digest}", row.anchor.fingerprint, "")
    steps = [_step(name, "holds", "", found) for name, found in zip(_NAMES[:at], known[:at], strict=True)]
    where = f" ({error.subject})" if error.subject else ""
    expected = error.expected or (row.anchor.fingerprint if at == SIGNED else "")
    steps.append(_step(_NAMES[at], "fails", expected, f"{error.found or error.code}{where}"))
    return steps + [_step(name, "not reached", "", "") for name in _NAMES[at + 1 :]]


def _step(name: str, status: str, expected: str, found: str) -> Step:
    return {"name": name, "status": status, "expected": expected, "found": found}
