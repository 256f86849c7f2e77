"""C2SP tlog-checkpoint (https://c2sp.org/tlog-checkpoint): origin, size and root of a tree, in a signed note. No extension lines.

>>> from transparency.proofs.log.merkle import EMPTY_ROOT
>>> print(format_checkpoint(Checkpoint("log.example/x", 0, EMPTY_ROOT)), end="")
log.example/x
0
47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.digest import DIGEST_BYTES, Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.merkle import MAX_SIZE
from transparency.proofs.log.note import decode_base64, open_note, sign_note

if TYPE_CHECKING:
    from transparency.proofs.log.note import SigningKey, VerifierKey

_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\Z", re.ASCII)
_LINES = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: its origin, how many leaves, their root."""

    origin: str
    size: int
    root: Digest


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """The note's text."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root.raw).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the note's text (`checkpoint-malformed`)."""
    lines = text.split("\n")
    if len(lines) != _LINES + 1 or lines[-1] or not lines[0]:
        raise EvidenceError(
            "checkpoint-malformed", expected="origin, size and root, a line each", found=f"{len(lines) - 1} lines"
        )
    if not _SIZE.match(lines[1]) or int(lines[1]) > MAX_SIZE:
        raise EvidenceError("checkpoint-malformed", expected="a size without leading zeros", found=lines[1][:40])
    root = decode_base64(lines[2], "checkpoint-malformed")
    if len(root) != DIGEST_BYTES:
        raise EvidenceError(
            "checkpoint-malformed", expected=f"a root of {DIGEST_BYTES} bytes", found=f"{len(root)} bytes"
        )
    return Checkpoint(lines[0], int(lines[1]), Digest(root))


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> bytes:
    """The signed note; the key's name is the origin."""
    if key.name != checkpoint.origin:
        raise AssertionError("a log signs under its origin")
    return sign_note(format_checkpoint(checkpoint), key)


def open_checkpoint(data: bytes, key: VerifierKey, origin: str) -> Checkpoint:
    """Return the checkpoint of a note signed by `key` for `origin` (`origin-mismatch` and what open_note and parse_checkpoint raise)."""
    checkpoint = parse_checkpoint(open_note(data, key))
    if checkpoint.origin != origin:
        raise EvidenceError("origin-mismatch", expected=origin, found=checkpoint.origin)
    return checkpoint
