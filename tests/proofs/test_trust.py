from __future__ import annotations

import doctest
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from transparency.proofs import trust
from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.note import VerifierKey, format_vkey, generate_signing_key
from transparency.proofs.signatures.keys import EnrolledKey, KeyHolder, parse_key
from transparency.proofs.trust import (
    KeyRing,
    Requirements,
    TrustFile,
    format_key_ring,
    format_trust_file,
    parse_key_ring,
    parse_trust_file,
)

ORIGIN = "log.example/centre"
VKEY = generate_signing_key(ORIGIN).verifier


def fresh_key(**window: Any) -> EnrolledKey:
    public = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return parse_key("ssh", public, **window)


WINDOW = {"valid_from": datetime(2026, 1, 1, tzinfo=UTC), "valid_until": datetime(2027, 1, 1, tzinfo=UTC)}
RING = KeyRing(
    ORIGIN,
    VKEY,
    (KeyHolder("acme", (fresh_key(), fresh_key(namespaces=("file", "git"), **WINDOW))), KeyHolder("zeta", ())),
    (KeyHolder("bureau", (fresh_key(),)),),
)
requirements = st.builds(
    Requirements,
    signed_source=st.booleans(),
    signed_builds=st.none() | st.booleans(),
    attestations=st.integers(0, 9),
    authorities=st.integers(0, 9),
    share_read_percent=st.integers(0, 100),
    rebuilds=st.integers(0, 9),
    max_age_days=st.none() | st.integers(0, 900),
)


def trust_json(**changes: Any) -> bytes:
    document = json.loads(format_trust_file(TrustFile(RING)))
    document.update(changes)
    return json.dumps(document, indent=2).encode()


def refusal(data: bytes) -> str:
    with pytest.raises(EvidenceError) as caught:
        parse_trust_file(data)
    return caught.value.code


def test_the_examples_in_the_module_hold() -> None:
    assert doctest.testmod(trust).failed == 0


@settings(max_examples=60, deadline=None)
@given(require=requirements)
def test_a_trust_file_parses_to_itself_and_back(require: Requirements) -> None:
    data = format_trust_file(TrustFile(RING, require))
    assert parse_trust_file(data) == TrustFile(RING, require)
    assert format_trust_file(parse_trust_file(data)) == data


def test_a_key_ring_parses_to_itself_and_back() -> None:
    assert parse_key_ring(format_key_ring(RING)) == RING
    assert format_key_ring(parse_key_ring(format_key_ring(RING))) == format_key_ring(RING)


def test_a_trust_file_may_be_written_by_hand_but_a_key_ring_is_canonical() -> None:
    assert parse_trust_file(trust_json()).ring == RING
    with pytest.raises(EvidenceError, match="json-not-canonical"):
        parse_key_ring(format_key_ring(RING) + b"\n")


def test_keys_are_found_by_slug_and_nobody_has_keys_of_another() -> None:
    assert RING.of_vendor("acme") == RING.vendors[0].keys
    assert RING.of_vendor("bureau") == ()
    assert RING.of_authority("bureau") == RING.authorities[0].keys
    assert RING.of_authority("acme") == ()


def test_requirements_left_out_ask_for_signed_source_and_nothing_else() -> None:
    assert parse_trust_file(trust_json(require={})).require == Requirements(
        signed_source=True,
        signed_builds=None,
        attestations=0,
        authorities=0,
        share_read_percent=0,
        rebuilds=0,
        max_age_days=None,
    )


def test_a_misspelt_field_is_refused_at_every_level() -> None:
    log = {"origin": ORIGIN, "vkey": format_vkey(VKEY)}
    key = json.loads(format_trust_file(TrustFile(RING)))["authorities"][0]["keys"][0]
    changes: tuple[dict[str, Any], ...] = (
        {"requires": {}},
        {"require": {"signedsource": True}},
        {"require": {"attestation": 1}},
        {"log": {**log, "name": "x"}},
        {"vendors": [{"name": "acme", "keys": [], "Keys": []}]},
        {"authorities": [{"name": "bureau", "keys": [{**key, "untill": None}]}]},
    )
    for change in changes:
        assert refusal(trust_json(**change)) == "trust-unknown-field"


@pytest.mark.parametrize("key", ["type", "log", "vendors", "authorities", "require"])
def test_each_field_must_be_there(key: str) -> None:
    document = json.loads(trust_json())
    del document[key]
    assert refusal(json.dumps(document).encode()) == "json-shape"


@pytest.mark.parametrize(
    ("require", "code"),
    [
        ({"signedSource": 1}, "json-shape"),
        ({"signedBuilds": None}, "json-shape"),
        ({"attestations": -1}, "json-shape"),
        ({"attestations": True}, "json-shape"),
        ({"authorities": "2"}, "json-shape"),
        ({"shareReadPercent": 101}, "trust-percent"),
        ({"shareReadPercent": 50.5}, "json-shape"),
        ({"rebuilds": None}, "json-shape"),
        ({"maxAgeDays": 1.5}, "json-shape"),
        ([], "json-shape"),
    ],
)
def test_a_requirement_of_a_wrong_kind_is_refused(require: Any, code: str) -> None:
    assert refusal(trust_json(require=require)) == code


def test_a_trust_file_that_is_none_is_refused() -> None:
    assert refusal(b"") == "json-malformed"
    assert refusal(b"[]") == "json-shape"
    assert refusal(format_key_ring(RING)) in {"json-shape", "trust-unknown-field"}
    assert refusal(trust_json(type="https://transparency-centre.example/trust/v2")) == "trust-type"
    assert refusal(trust_json()[:-1] + b', "type": "x"}') == "json-duplicate-key"


def test_a_log_key_of_another_name_is_refused() -> None:
    other = format_vkey(generate_signing_key("log.example/other").verifier)
    assert refusal(trust_json(log={"origin": ORIGIN, "vkey": other})) == "key-ring-origin"


def test_a_log_key_of_small_order_is_refused() -> None:
    weak = VerifierKey(ORIGIN, b"\x01" + bytes(31))
    with pytest.raises(EvidenceError):
        parse_trust_file(trust_json(log={"origin": ORIGIN, "vkey": format_vkey(weak)}))


def test_one_name_twice_is_refused() -> None:
    twice = [{"name": "acme", "keys": []}, {"name": "acme", "keys": []}]
    assert refusal(trust_json(vendors=twice)) == "json-shape"


def test_a_name_that_is_no_slug_is_refused_because_it_would_never_match() -> None:
    assert refusal(trust_json(authorities=[{"name": "Bureau", "keys": []}])) == "slug-malformed"


def test_a_malformed_key_is_refused_and_not_skipped() -> None:
    broken = {"format": "ssh", "public": "ssh-ed25519 AAAA", "namespaces": ["file"], "from": None, "until": None}
    with pytest.raises(EvidenceError):
        parse_trust_file(trust_json(vendors=[{"name": "acme", "keys": [broken]}]))
