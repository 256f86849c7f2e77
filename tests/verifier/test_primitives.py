"""verify.py's own Ed25519, ECDSA and RSA against published vectors and other people's implementation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from transparency.verifier import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def holds(check: Callable[[], None]) -> bool:
    try:
        check()
    except verify.Bad:
        return False
    return True


def ed25519_holds(public: str, signature: str, message: bytes) -> bool:
    return holds(lambda: verify.check_ed25519(bytes.fromhex(public), bytes.fromhex(signature), message))


def p256_holds(point: tuple[int, int], signature: str, message: bytes) -> bool:
    return holds(lambda: verify.check_p256(point, *verify.der_numbers(bytes.fromhex(signature)), message))


def test_wycheproof_ed25519(vectors: Callable[[str], Path]) -> None:
    for group in json.loads((vectors("wycheproof") / "ed25519_test.json").read_text())["testGroups"]:
        for case in group["tests"]:
            accepted = ed25519_holds(group["publicKey"]["pk"], case["sig"], bytes.fromhex(case["msg"]))
            assert accepted == (case["result"] == "valid"), case["tcId"]


def test_wycheproof_p256(vectors: Callable[[str], Path]) -> None:
    for group in json.loads((vectors("wycheproof") / "ecdsa_secp256r1_sha256_test.json").read_text())["testGroups"]:
        point = verify.p256_point(bytes.fromhex(group["publicKey"]["uncompressed"]))
        for case in group["tests"]:
            accepted = p256_holds(point, case["sig"], bytes.fromhex(case["msg"]))
            assert accepted == (case["result"] == "valid"), (case["tcId"], case["comment"])


def test_cctv_ed25519_is_accepted_exactly_where_the_proof_room_accepts(vectors: Callable[[str], Path]) -> None:
    cases = json.loads((vectors("ed25519") / "ed25519vectors.json").read_text())
    accepted = [case for case in cases if ed25519_holds(case["key"], case["sig"], case["msg"].encode())]
    assert (len(cases), len(accepted)) == (914, 43)
    refused = {"low_order_A", "non_canonical_A", "low_order_R", "non_canonical_R"}
    assert not any(refused & set(case["flags"] or []) for case in accepted)


@pytest.mark.parametrize(("name", "algorithm"), [("sha256", hashes.SHA256()), ("sha512", hashes.SHA512())])
def test_rsa_signatures(name: str, algorithm: hashes.HashAlgorithm) -> None:
    private = rsa.generate_private_key(65537, 2048)
    signature = private.sign(b"message", padding.PKCS1v15(), algorithm)
    numbers = private.public_key().public_numbers()
    verify.check_rsa(numbers.n, numbers.e, name, signature, b"message")
    assert not holds(lambda: verify.check_rsa(numbers.n, numbers.e, name, signature, b"messagf"))
    assert not holds(
        lambda: verify.check_rsa(
            numbers.n, numbers.e, "sha512" if name == "sha256" else "sha256", signature, b"message"
        )
    )
    assert not holds(lambda: verify.check_rsa(numbers.n, numbers.e, name, bytes(256), b"message"))
