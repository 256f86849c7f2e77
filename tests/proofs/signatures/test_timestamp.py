"""Time stamps: a trusted third party's time keeps a signature good beyond its certificates, and nobody else's does."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.cms import HandMade, stamped, token
from tests.proofs.mutations import accepted
from tests.proofs.signatures.test_cms import DATA, UNKNOWN, VALID, answer, judge
from tests.x509 import CODE, DAY, NOW, STAMPS, Identity, issue, leaf, root, usage
from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.certificate import parse_certificate
from transparency.proofs.signatures.keys import EnrolledKey, key_from_text, parse_key
from transparency.proofs.signatures.timestamp import check_timestamp, parse_timestamp

if TYPE_CHECKING:
    from pathlib import Path

LATER = NOW + 60 * DAY
EXPIRED = ("expired", "key-expired")


@pytest.fixture(scope="module")
def anchor() -> Identity:
    return root()


@pytest.fixture(scope="module")
def authority() -> Identity:
    return root("Time Root")


@pytest.fixture(scope="module")
def clock(authority: Identity) -> Identity:
    return stamper(authority)


@pytest.fixture(scope="module")
def made(anchor: Identity) -> HandMade:
    """A signature whose certificate ends tomorrow."""
    signed = HandMade(leaf(anchor, ends=NOW + DAY), DATA)
    signed.signature = signed.sign(signed.signed_set())
    return signed


def stamper(authority: Identity, **more: Any) -> Identity:
    said: dict[str, Any] = {"key_usage": usage(sign=True), "purposes": (STAMPS,), "critical_purposes": True} | more
    return issue("Clock", authority, **said)


def stamps(authority: Identity) -> EnrolledKey:
    return key_from_text(f"use: time-stamps\n{authority.pem}")


def test_a_time_stamp_of_the_time_of_the_certificates_keeps_the_signature_valid(
    anchor: Identity, authority: Identity, clock: Identity, made: HandMade
) -> None:
    signature = stamped(made, token(clock, made.signature, NOW))
    keys = [anchor.key, stamps(authority)]
    assert answer(signature, keys) == VALID
    assert answer(signature, keys, now=LATER) == VALID
    assert answer(signature, [anchor.key], now=LATER) == EXPIRED
    assert answer(made.bytes(), keys, now=LATER) == EXPIRED
    steps = {step.name: step for step in judge(signature, keys, now=LATER).findings[0].steps}
    assert steps["time stamp"].status == "holds"
    assert "time-stamped at" in steps["key's time"].found


def test_a_time_stamp_after_the_end_does_not_help(
    anchor: Identity, authority: Identity, clock: Identity, made: HandMade
) -> None:
    signature = stamped(made, token(clock, made.signature, NOW + 2 * DAY))
    assert answer(signature, [anchor.key, stamps(authority)], now=LATER) == EXPIRED


def test_what_the_authority_vouches_for_is_no_signer_and_a_signers_root_keeps_no_time(
    anchor: Identity, authority: Identity, clock: Identity, made: HandMade
) -> None:
    signature = stamped(made, token(clock, made.signature, NOW))
    assert answer(signature, [stamps(anchor)]) == UNKNOWN
    assert answer(signature, [anchor.key, authority.key], now=LATER) == EXPIRED


def test_a_token_that_fails_takes_nothing_from_a_signature_that_holds_now(
    anchor: Identity, authority: Identity, made: HandMade
) -> None:
    keys = [anchor.key, stamps(authority)]
    for spoilt in (token(stamper(root()), made.signature, NOW), b"\x30\x03\x02\x01\x01"):
        signature = stamped(made, spoilt)
        assert answer(signature, keys) == VALID
        assert answer(signature, keys, now=LATER) == EXPIRED
    assert answer(stamped(made, b"\x05\x00", b"\x30\x00"), keys) == ("invalid", "cms-attributes")


def test_an_authority_that_is_not_enrolled_for_that_time_or_was_revoked_counts_for_nothing(
    anchor: Identity, authority: Identity, clock: Identity, made: HandMade
) -> None:
    signature, text = stamped(made, token(clock, made.signature, NOW)), f"use: time-stamps\n{authority.pem}"
    later_only = parse_key("x509", text, valid_from=NOW + DAY)
    assert answer(signature, [anchor.key, later_only], now=LATER) == EXPIRED
    assert answer(signature, [anchor.key, parse_key("x509", text, revoked=True)], now=LATER) == EXPIRED
    ended = parse_key("x509", text, valid_until=NOW + DAY)
    assert answer(signature, [anchor.key, ended], now=LATER) == VALID


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("another signature", "timestamp-imprint"),
        ("another authority", "timestamp-authority"),
        ("for code too", "timestamp-purpose"),
        ("not critical", "timestamp-purpose"),
        ("for everything", "timestamp-purpose"),
        ("for code", "chain-purpose"),
        ("over before", "timestamp-time"),
        ("ahead", "timestamp-time"),
        ("does not name its certificate", "timestamp-malformed"),
        ("SHA-1", "weak-hash"),
    ],
)
def test_each_way_in_which_a_token_does_not_count_has_its_code(
    authority: Identity, clock: Identity, name: str, code: str
) -> None:
    signed, moment = b"the signature's bytes", NOW
    made = {
        "another signature": lambda: token(clock, b"other", moment),
        "another authority": lambda: token(stamper(root("Time Root")), signed, moment),
        "for code too": lambda: token(stamper(authority, purposes=(STAMPS, CODE)), signed, moment),
        "not critical": lambda: token(stamper(authority, critical_purposes=False), signed, moment),
        "for everything": lambda: token(stamper(authority, purposes=()), signed, moment),
        "for code": lambda: token(stamper(authority, purposes=(CODE,)), signed, moment),
        "over before": lambda: token(stamper(authority, ends=NOW - timedelta(hours=1)), signed, moment),
        "ahead": lambda: token(clock, signed, moment + timedelta(minutes=6)),
        "does not name its certificate": lambda: token(clock, signed, moment, named=False),
        "SHA-1": lambda: token(clock, signed, moment, hashed="sha1"),
    }[name]()
    stamp, believed = parse_timestamp(made), parse_certificate(authority.der)
    with pytest.raises(EvidenceError) as refused:
        check_timestamp(stamp, signed, believed, now=NOW)
    assert refused.value.code == code


def test_the_token_that_openssl_makes_counts_and_openssl_verifies_the_one_made_here(
    tmp_path: Path, authority: Identity, clock: Identity
) -> None:
    signed, trusted = tmp_path / "signed", tmp_path / "trusted.pem"
    signed.write_bytes(b"the signature's bytes")
    trusted.write_text(authority.pem)
    certificate, key = clock.write(tmp_path, "clock")
    (tmp_path / "serial").write_text("01\n")
    (tmp_path / "ts.cnf").write_text(
        f"[tsa]\ndefault_tsa=t\n[t]\nserial={tmp_path}/serial\ndefault_policy=1.2.3.4\ndigests=sha256\n"
        "signer_digest=sha256\naccuracy=secs:2\ness_cert_id_alg=sha256\n"
    )

    def run(*command: str) -> None:
        subprocess.run(["openssl", "ts", *command], check=True, capture_output=True, cwd=tmp_path)

    run("-query", "-data", "signed", "-sha256", "-cert", "-out", "query")
    run("-reply", "-config", "ts.cnf", "-section", "t", "-queryfile", "query", "-signer", str(certificate),
        "-inkey", str(key), "-token_out", "-out", "token")  # fmt: skip
    stamp = parse_timestamp((tmp_path / "token").read_bytes())
    believed = parse_certificate(authority.der)
    assert check_timestamp(stamp, signed.read_bytes(), believed, now=stamp.time) == "CN=Clock"
    assert stamp.latest - stamp.time == timedelta(seconds=2)
    (tmp_path / "own").write_bytes(token(clock, signed.read_bytes(), NOW))
    run("-verify", "-data", "signed", "-in", "own", "-token_in", "-CAfile", str(trusted))


def test_a_changed_token_is_refused_or_says_the_same_time(authority: Identity, clock: Identity) -> None:
    signed, believed = b"the signature's bytes", parse_certificate(authority.der)
    made = token(clock, signed, NOW)
    held = 0
    codes = {"cms-malformed", "cms-signers", "cms-attributes", "timestamp-malformed"}
    for _, stamp in accepted(made, parse_timestamp, codes):
        try:
            check_timestamp(stamp, signed, believed, now=NOW)
        except EvidenceError:
            continue
        assert stamp.time == NOW
        held += 1
    assert held < 100


def test_a_token_is_no_signature_over_a_file(authority: Identity, clock: Identity) -> None:
    made = token(clock, b"x", NOW)
    assert answer(made, [authority.key]) == ("invalid", "cms-attached")
