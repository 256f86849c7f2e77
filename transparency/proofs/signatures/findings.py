"""What the judging of signatures finds: outcomes, steps and verdicts, and what it is given: a file's digests, its content, the moment."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from transparency.proofs.signatures.keys import EnrolledKey

POLICY = "signatures/4"
Outcome = Literal["valid", "invalid", "unsigned", "unknown-key", "expired", "revoked", "weak", "unavailable"]
SignatureFormat = Literal["sshsig", "openpgp", "minisign", "signify", "cms", "cosign"]
StepStatus = Literal["holds", "fails", "not checked"]
# Signatures over the whole file (plain minisign, signify, Ed25519 by a PEM key) need it in memory.
MAX_WHOLE_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileDigests:
    """Size in bytes and raw digests of the file as delivered."""

    size: int
    sha256: bytes
    sha512: bytes
    blake2b512: bytes


@dataclass(frozen=True, slots=True)
class Content:
    """The file itself: its bytes, or a path that only gateways open; `read` reads it whole for the formats that need that.

    `text`: the bytes are a text with LF, signed as one by OpenPGP's cleartext framework (type 0x01, over CR LF).
    `pieces`: the file piece by piece, for a digest that nobody took when it came.
    """

    data: bytes | None = None
    path: str | None = None
    read: Callable[[], bytes] | None = None
    text: bool = False
    pieces: Callable[[], Iterable[bytes]] | None = None

    def whole(self, size: int) -> bytes:
        """All of its `size` bytes (`content-too-large`, `content-needed`)."""
        if size > MAX_WHOLE_BYTES:
            raise EvidenceError("content-too-large", expected=f"at most {MAX_WHOLE_BYTES} bytes", found=str(size))
        if self.data is None and self.read is None:
            raise EvidenceError("content-needed", expected="the signed file", found="its digest alone")
        return self.data if self.data is not None else self.read() if self.read else b""

    def digest(self, algorithm: str, size: int) -> bytes:
        """Its digest by another hash than those of `FileDigests`, in pieces where it has them (`content-too-large`, `content-needed`)."""
        hasher = hashlib.new(algorithm)
        for piece in (self.whole(size),) if self.pieces is None else self.pieces():
            hasher.update(piece)
        return hasher.digest()


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at."""

    name: str
    status: StepStatus
    expected: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True)
class SignatureFinding:
    """What became of one signature. `file` is the position of the file it came in; `key` the fingerprint or issuer it names."""

    file: int
    format: SignatureFormat | None
    key: str | None
    outcome: Outcome
    code: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The machine's outcome over all signatures, with the policy that gave it."""

    outcome: Outcome
    code: str
    findings: tuple[SignatureFinding, ...]
    policy: str = POLICY
    # What belongs to no single signature: whether a signed list names the archive, what a signature does not cover.
    steps: tuple[Step, ...] = ()
    # Signatures over single files that a signed description names (cover.py): listed, and no part of a record.
    beside: tuple[SignatureFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class Moments:
    """Now; and when our log first held the same bytes with the same signature, if it did."""

    now: datetime
    logged_at: datetime | None = None

    def window_step(self, key: EnrolledKey) -> Step:
        """Whether the enrolment's own window covers now, or covered the time of the log entry."""
        expected = f"from {key.valid_from or 'no beginning'} to {key.valid_until or 'no end'}"
        if not key.covers(self.now) and self.logged_at and key.covers(self.logged_at):
            return Step("key's time", "holds", expected, f"logged here at {self.logged_at.replace(microsecond=0)}")
        status: StepStatus = "holds" if key.covers(self.now) else "fails"
        return Step("key's time", status, expected, str(self.now.replace(microsecond=0)))


def revoked_step() -> Step:
    """The step that says that the enrolment was revoked as compromised."""
    return Step("key's time", "fails", "a key that is not revoked", "revoked here as compromised, or without a reason")


def unknown_step(named: str, keys: Sequence[EnrolledKey]) -> Step:
    """The step that says that a key is not enrolled, and which ones are."""
    return Step(
        "key enrolled",
        "fails",
        ", ".join(key.fingerprint for key in keys[:5]) or "an enrolled key; there is none",
        named,
    )


def readable_step(name: str) -> Step:
    """The step that says that it is a signature of a known format."""
    return Step("readable", "holds", found=f"{name} signature")


def enrolled_step(fingerprint: str) -> Step:
    """The step that says that a key is enrolled."""
    return Step("key enrolled", "holds", found=fingerprint)
