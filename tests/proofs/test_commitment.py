"""Opening roots: one line of a restricted snapshot can be shown without another."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest

from transparency.proofs.commitment import (
    check_commitment,
    check_opening,
    commit,
    opening_root,
    opening_salt,
    prove_opening,
)
from transparency.proofs.errors import EvidenceError

SECRET = bytes(range(32))
LINES = [f"100644 {n:064x} {n} file{n}\n".encode() for n in range(9)]


def test_the_root_is_the_one_of_the_specification() -> None:
    salts = [
        hmac.new(SECRET, b"transparency-opening/v1\n" + n.to_bytes(8, "big"), hashlib.sha256).digest() for n in range(2)
    ]
    leaves = [hashlib.sha256(b"\0" + salt + line).digest() for salt, line in zip(salts, LINES, strict=False)]
    assert opening_root(SECRET, LINES[:2]).raw == hashlib.sha256(b"\1" + leaves[0] + leaves[1]).digest()
    assert opening_root(SECRET, []).raw == hashlib.sha256(b"").digest()


def test_each_line_opens_alone_and_no_other_does() -> None:
    root = opening_root(SECRET, LINES)
    for index, line in enumerate(LINES):
        proof = prove_opening(SECRET, LINES, index)
        check_opening(proof, line, root)
        for cheat, other in (
            (proof, LINES[index - 1]),
            (replace(proof, salt=opening_salt(SECRET, index + 1)), line),
            (replace(proof, size=8), line),
        ):
            with pytest.raises(EvidenceError):
                check_opening(cheat, other, root)
        with pytest.raises(EvidenceError, match="opening-malformed"):
            check_opening(replace(proof, salt=b"short"), line, root)


def test_a_commitment_opens_to_one_value_under_one_label() -> None:
    made = commit(SECRET, "org", "acme")
    check_commitment(made, SECRET, "org", "acme")
    for salt, label, value in ((bytes(32), "org", "acme"), (SECRET, "digest", "acme"), (SECRET, "org", "rival")):
        with pytest.raises(EvidenceError, match="commitment-mismatch"):
            check_commitment(made, salt, label, value)
