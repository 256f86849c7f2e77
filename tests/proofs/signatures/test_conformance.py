"""Published vectors: Wycheproof without a mismatch, CCTV under our strict policy."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.ed25519 import check_ed25519, refuse_weak_public_key
from transparency.proofs.signatures.pem import check_p256
from transparency.verifier import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Of 914. The rule set accepts what libsodium accepts; the count is frozen so that no library update changes it silently.
CCTV_ACCEPTED = 43
# Points with a component of small order that are not themselves of small order verify without cofactor like any others.
CCTV_ALLOWED_FLAGS = {"low_order_component_A", "low_order_component_R"}


def test_wycheproof_ed25519_has_no_mismatch(vectors: Callable[[str], Path]) -> None:
    groups = json.loads((vectors("wycheproof") / "ed25519_test.json").read_text())["testGroups"]
    outcomes = []
    for group in groups:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            try:
                check_ed25519(public, bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
                accepted = True
            except EvidenceError:
                accepted = False
            outcomes.append((accepted, case["result"] == "valid", case["tcId"]))
    assert len(outcomes) == 151
    assert [case for accepted, valid, case in outcomes if accepted != valid] == []


def test_wycheproof_p256_has_no_mismatch(vectors: Callable[[str], Path]) -> None:
    """No case of this file is `acceptable`, so there is nothing to choose."""
    groups = json.loads((vectors("wycheproof") / "ecdsa_secp256r1_sha256_test.json").read_text())["testGroups"]
    wrong = []
    count = 0
    for group in groups:
        key = ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), bytes.fromhex(group["publicKey"]["uncompressed"])
        )
        for case in group["tests"]:
            count += 1
            try:
                check_p256(bytes.fromhex(case["sig"]), key, bytes.fromhex(case["msg"]))
                accepted = True
            except EvidenceError:
                accepted = False
            assert case["result"] in {"valid", "invalid"}
            if accepted != (case["result"] == "valid"):
                wrong.append(case["tcId"])
    assert count > 400
    assert wrong == []


def test_cctv_ed25519_never_accepts_weak_or_non_canonical_points(vectors: Callable[[str], Path]) -> None:
    cases = json.loads((vectors("ed25519") / "ed25519vectors.json").read_text())
    assert len(cases) == 914
    accepted: Counter[str] = Counter()
    count = 0
    for case in cases:
        try:
            check_ed25519(bytes.fromhex(case["key"]), bytes.fromhex(case["sig"]), case["msg"].encode())
        except EvidenceError:
            continue
        count += 1
        accepted.update(case["flags"] or [])
    assert count == CCTV_ACCEPTED
    assert set(accepted) <= CCTV_ALLOWED_FLAGS


def test_a_weak_key_is_refused_at_enrolment(vectors: Callable[[str], Path]) -> None:
    cases = json.loads((vectors("ed25519") / "ed25519vectors.json").read_text())
    weak = {case["key"] for case in cases if {"low_order_A", "non_canonical_A"} & set(case["flags"] or [])}
    assert len(weak) > 10
    for key in weak:
        with pytest.raises(EvidenceError, match="key-weak"):
            refuse_weak_public_key(bytes.fromhex(key))


def test_a_key_that_is_no_point_of_the_curve_is_refused_at_enrolment() -> None:
    """Half of all encodings are none; no signature holds by them, and verify.py refuses a trust file that has one."""
    refused = 0
    for number in range(2, 66):
        public = number.to_bytes(32, "little")
        try:
            verify.point_of(public)
        except verify.Bad:
            refused += 1
            with pytest.raises(EvidenceError, match="key-malformed"):
                refuse_weak_public_key(public)
        else:
            refuse_weak_public_key(public)
    assert 20 < refused < 44
