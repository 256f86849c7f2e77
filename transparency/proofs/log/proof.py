"""C2SP tlog-proof (https://c2sp.org/tlog-proof): index, inclusion proof and checkpoint in one text file. No `extra` line."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.digest import DIGEST_BYTES
from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.checkpoint import Checkpoint, open_checkpoint
from transparency.proofs.log.merkle import MAX_SIZE, check_inclusion, leaf_hash
from transparency.proofs.log.note import MAX_NOTE_BYTES, decode_base64

if TYPE_CHECKING:
    from transparency.proofs.log.note import VerifierKey

HEADER = b"c2sp.org/tlog-proof@v1\n"
MAX_HASHES = 63
MAX_PROOF_BYTES = MAX_NOTE_BYTES + 8192
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class LogProof:
    """Where an entry stands, the hashes that lead to the root, and the signed checkpoint with that root."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes


def format_log_proof(proof: LogProof) -> bytes:
    """The file's bytes."""
    lines = [f"index {proof.index}", *(base64.b64encode(item).decode() for item in proof.hashes)]
    return HEADER + "".join(f"{line}\n" for line in lines).encode() + b"\n" + proof.checkpoint


def parse_log_proof(data: bytes) -> LogProof:
    """Read the file (`log-proof-malformed`); the checkpoint is not looked at yet."""
    head, separator, checkpoint = data.partition(b"\n\n")
    if len(data) > MAX_PROOF_BYTES or not data.startswith(HEADER) or not separator:
        raise EvidenceError("log-proof-malformed", expected="a c2sp.org/tlog-proof@v1 file", found="something else")
    try:
        lines = head.removeprefix(HEADER).decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise EvidenceError("log-proof-malformed", expected="ASCII", found=f"byte {error.start}") from error
    index = _INDEX.match(lines[0])
    if not index or int(index[1]) > MAX_SIZE or len(lines) > MAX_HASHES + 1:
        raise EvidenceError("log-proof-malformed", expected="an index line and at most 63 hashes", found=lines[0][:60])
    hashes = tuple(decode_base64(line, "log-proof-malformed") for line in lines[1:])
    if any(len(item) != DIGEST_BYTES for item in hashes):
        raise EvidenceError("log-proof-malformed", expected=f"hashes of {DIGEST_BYTES} bytes", found="another length")
    return LogProof(int(index[1]), hashes, checkpoint)


def check_log_proof(proof: LogProof, leaf: bytes, key: VerifierKey, origin: str) -> Checkpoint:
    """Return the checkpoint under which the leaf's bytes are logged, signed by `key` for `origin`; else raise."""
    checkpoint = open_checkpoint(proof.checkpoint, key, origin)
    check_inclusion(proof.index, checkpoint.size, leaf_hash(leaf), proof.hashes, checkpoint.root.raw)
    return checkpoint
