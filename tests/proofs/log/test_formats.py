"""Leaves, openings, keys and proofs come back from the bytes that they are written as, and from no others."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.mutations import accepted, of_text
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from transparency.proofs.log.leaf import (
    Leaf,
    LeafSubject,
    Opening,
    committed_leaf,
    format_leaf,
    format_opening,
    open_leaf,
    parse_leaf,
    parse_opening,
)
from transparency.proofs.log.merkle import MAX_SIZE
from transparency.proofs.log.note import SigningKey, format_skey, format_vkey, parse_skey, parse_vkey
from transparency.proofs.log.proof import MAX_HASHES, LogProof, format_log_proof, parse_log_proof

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.text(
    st.characters(exclude_categories=["Cs", "Zs", "Zl", "Zp", "Cc"], exclude_characters="+"), min_size=1, max_size=12
)
hashes = st.binary(min_size=32, max_size=32)
digests = hashes.map(Digest)
moments = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
subjects = st.lists(st.builds(LeafSubject, texts, digests), max_size=16).map(tuple)
leaves = st.builds(Leaf, texts, st.just(False), digests, subjects, texts, moments) | st.builds(  # noqa: FBT003 - a field
    Leaf,
    texts,
    st.just(True),  # noqa: FBT003 - a field
    digests,
    subjects,
    hashes.map(bytes.hex),
    moments,
)
openings = st.builds(Opening, hashes, hashes, st.lists(hashes, max_size=16).map(tuple))
keys = st.builds(SigningKey, names, hashes)
proofs = st.builds(
    LogProof, st.integers(0, MAX_SIZE), st.lists(hashes, max_size=MAX_HASHES).map(tuple), st.binary(max_size=80)
)
KEY = SigningKey("log.example.test/source", bytes(range(32)))
JSON_CODES = {"json-malformed", "json-shape", "json-duplicate-key", "json-not-canonical", "digest-malformed"}


@settings(deadline=None)
@given(leaves)
def test_a_leaf_parses_to_itself_and_back(leaf: Leaf) -> None:
    assert parse_leaf(format_leaf(leaf)) == leaf
    assert format_leaf(parse_leaf(format_leaf(leaf))) == format_leaf(leaf)


@settings(deadline=None)
@given(openings)
def test_an_opening_parses_to_itself_and_back(opening: Opening) -> None:
    assert parse_opening(format_opening(opening)) == opening
    assert format_opening(parse_opening(format_opening(opening))) == format_opening(opening)


@settings(deadline=None)
@given(keys)
def test_a_verifier_key_parses_to_itself_and_back(key: SigningKey) -> None:
    text = format_vkey(key.verifier)
    assert parse_vkey(text) == key.verifier
    assert format_vkey(parse_vkey(text)) == text


@settings(deadline=None)
@given(keys)
def test_a_signing_key_parses_to_itself_and_back(key: SigningKey) -> None:
    text = format_skey(key)
    assert parse_skey(text) == key
    assert format_skey(parse_skey(text)) == text


@settings(deadline=None)
@given(proofs)
def test_a_log_proof_parses_to_itself_and_back(proof: LogProof) -> None:
    data = format_log_proof(proof)
    assert parse_log_proof(data) == proof
    assert format_log_proof(parse_log_proof(data)) == data


@pytest.mark.parametrize("committed", [False, True])
def test_a_changed_leaf_or_opening_is_refused_or_another_one(*, committed: bool) -> None:
    parts = {"kind": "delivery", "digest": Digest(bytes(32)), "subjects": [("manifest", Digest(bytes(32)))]}
    more = {"org": "acme", "time": datetime(2026, 11, 24, tzinfo=UTC)}
    leaf, opening = committed_leaf(bytes(32), **parts, **more)  # type: ignore[arg-type]
    leaf = leaf if committed else open_leaf(**parts, **more)  # type: ignore[arg-type]
    for mutated, found in accepted(format_leaf(leaf), parse_leaf, JSON_CODES | {"leaf-malformed", "time-malformed"}):
        assert format_leaf(found) == mutated
    for mutated, salts in accepted(format_opening(opening), parse_opening, JSON_CODES | {"opening-malformed"}):
        assert format_opening(salts) == mutated


def test_a_changed_key_is_refused() -> None:
    vkey, skey = format_vkey(KEY.verifier).encode(), format_skey(KEY).encode()
    assert accepted(vkey, of_text(parse_vkey), {"vkey-malformed", "key-weak", "key-malformed"}) == []
    assert accepted(skey, of_text(parse_skey), {"skey-malformed"}) == []


@pytest.mark.parametrize("name", ["a\ud800", "a b", "a+b", "", "a\x7f"])
def test_a_key_whose_name_no_note_can_hold_is_refused(name: str) -> None:
    raw = base64.b64encode(b"\x01" + KEY.verifier.public).decode()
    for key, parse in ((f"{name}+00000000+{raw}", parse_vkey), (f"PRIVATE+KEY+{name}+00000000+{raw}", parse_skey)):
        with pytest.raises(EvidenceError, match="key-malformed"):
            parse(key)


def test_a_changed_log_proof_or_checkpoint_is_refused_or_another_one() -> None:
    checkpoint = format_checkpoint(Checkpoint("log.example.test/source", 3, Digest(bytes(32))))
    proof = format_log_proof(LogProof(2, (bytes(32), bytes(range(32))), checkpoint.encode()))
    for mutated, found in accepted(proof, parse_log_proof, {"log-proof-malformed"}):
        assert format_log_proof(found) == mutated
    for mutated, read in accepted(checkpoint.encode(), of_text(parse_checkpoint), {"checkpoint-malformed"}):
        assert format_checkpoint(read) == mutated.decode("utf-8", "replace")


@given(st.binary(min_size=33, max_size=33))
def test_a_key_of_another_type_or_of_small_order_is_refused(raw: bytes) -> None:
    text = f"a+00000000+{base64.b64encode(raw).decode()}"
    with pytest.raises(EvidenceError, match=r"vkey-malformed|key-weak|key-malformed"):
        parse_vkey(text)
