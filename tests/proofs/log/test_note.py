"""Signed notes, checkpoints, proofs and leaves: what a log says, and how somebody else might try to say it."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.checkpoint import (
    Checkpoint,
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from transparency.proofs.log.leaf import (
    check_leaf_commits,
    committed_leaf,
    format_leaf,
    format_opening,
    open_leaf,
    parse_leaf,
    parse_opening,
)
from transparency.proofs.log.merkle import inclusion_path, leaf_hash, root_of
from transparency.proofs.log.note import (
    SigningKey,
    format_skey,
    format_vkey,
    generate_signing_key,
    open_note,
    parse_skey,
    parse_vkey,
    sign_note,
)
from transparency.proofs.log.proof import LogProof, check_log_proof, format_log_proof, parse_log_proof

ORIGIN = "log.example.test/source"
KEY = SigningKey(ORIGIN, bytes(range(32)))
OTHER = SigningKey(ORIGIN, bytes(range(1, 33)))
TEXT = f"{ORIGIN}\n3\n{base64.b64encode(bytes(32)).decode()}\n"
# Made by Go's golang.org/x/mod/sumdb/note example key (its documentation): name, hash and key belong together.
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = (
    GO_TEXT
    + "\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_of_gos_own_example_opens_and_is_made_again_byte_for_byte() -> None:
    assert open_note(GO_NOTE.encode(), parse_vkey(GO_VKEY)) == GO_TEXT
    assert sign_note(GO_TEXT, parse_skey(GO_SKEY)) == GO_NOTE.encode()
    assert format_vkey(parse_skey(GO_SKEY).verifier) == GO_VKEY
    assert format_skey(parse_skey(GO_SKEY)) == GO_SKEY


def test_a_fresh_key_signs_what_its_verifier_opens() -> None:
    key = generate_signing_key(ORIGIN)
    assert open_note(sign_note(TEXT, key), parse_vkey(format_vkey(key.verifier))) == TEXT
    assert str(key.seed) not in repr(key)


@pytest.mark.parametrize(
    "vkey",
    [
        GO_VKEY.replace("c74f", "c74e"),
        GO_VKEY[:-4],
        GO_VKEY + "+x",
        "a b+c74f20a3+AA==",
        "PeterNeumann+C74F20A3+ARpc",
        "",
    ],
)
def test_a_key_whose_parts_do_not_belong_together_is_refused(vkey: str) -> None:
    with pytest.raises(EvidenceError, match="vkey-malformed"):
        parse_vkey(vkey)


def own_line(key: SigningKey = KEY, text: str = TEXT) -> str:
    return sign_note(text, key).decode().split("\n\n")[1]


@pytest.mark.parametrize(
    ("note", "code"),
    [
        (TEXT + "\n" + own_line(OTHER), "note-unsigned"),
        (TEXT + "\n" + own_line() + own_line(), "note-unsigned"),
        (TEXT + "\n", "note-malformed"),
        (TEXT + "\n" + own_line().rstrip("\n"), "note-malformed"),
        (TEXT + "\n" + own_line().replace("\u2014", "-"), "note-malformed"),
        (TEXT.replace("3", "4") + "\n" + own_line(), "signature-mismatch"),
        (TEXT + "\r\n" + own_line(), "note-malformed"),
        (TEXT + "\n" + f"\u2014 {ORIGIN} AAAA\n", "note-malformed"),
        (TEXT + "\n" + own_line().replace("=\n", "\n"), "note-malformed"),
    ],
    ids=[
        "another key, same name",
        "signed twice",
        "no signature",
        "no final newline",
        "a hyphen",
        "changed text",
        "a carriage return",
        "short",
        "unpadded",
    ],
)
def test_a_note_is_refused(note: str, code: str) -> None:
    with pytest.raises(EvidenceError) as refusal:
        open_note(note.encode(), KEY.verifier)
    assert refusal.value.code == code


def test_lines_of_witnesses_that_we_do_not_know_are_kept_and_ignored() -> None:
    stranger = sign_note(TEXT, SigningKey("witness.test", bytes(range(2, 34)))).decode().split("\n\n")[1]
    assert open_note((TEXT + "\n" + stranger + own_line()).encode(), KEY.verifier) == TEXT


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
@settings(max_examples=60, deadline=None)
def test_checkpoints_round_trip(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(ORIGIN, size, Digest(root))
    assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint
    assert open_checkpoint(sign_checkpoint(checkpoint, KEY), KEY.verifier, ORIGIN) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("\n3\n", "\n03\n"),
        TEXT.replace("\n3\n", "\n-3\n"),
        TEXT + "extension\n",
        f"{ORIGIN}\n3\nAAAA\n",
        "\n" + TEXT,
        f"{ORIGIN}\n3\n",
        TEXT.replace("AAA=", "AAB="),
    ],
)
def test_a_checkpoint_of_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(EvidenceError, match="checkpoint-malformed"):
        parse_checkpoint(text)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    key = SigningKey("other.test/log", bytes(range(32)))
    with pytest.raises(EvidenceError, match="origin-mismatch"):
        open_checkpoint(sign_checkpoint(Checkpoint("other.test/log", 0, Digest(bytes(32))), key), key.verifier, ORIGIN)


def logged(leaf: bytes, others: int = 4) -> LogProof:
    hashes = [leaf_hash(leaf), *(leaf_hash(bytes([n])) for n in range(others))]
    checkpoint = Checkpoint(ORIGIN, len(hashes), Digest(root_of(hashes)))
    return LogProof(0, tuple(inclusion_path(hashes, 0)), sign_checkpoint(checkpoint, KEY))


def test_a_log_proof_round_trips_and_holds_for_its_leaf_alone() -> None:
    proof = logged(b"leaf")
    assert parse_log_proof(format_log_proof(proof)) == proof
    assert check_log_proof(proof, b"leaf", KEY.verifier, ORIGIN).size == 5
    for broken in (
        replace(proof, index=1),
        replace(proof, hashes=proof.hashes[::-1]),
        replace(proof, checkpoint=logged(b"x").checkpoint),
    ):
        with pytest.raises(EvidenceError, match="inclusion"):
            check_log_proof(broken, b"leaf", KEY.verifier, ORIGIN)
    with pytest.raises(EvidenceError, match="inclusion-mismatch"):
        check_log_proof(proof, b"other", KEY.verifier, ORIGIN)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"index 0", b"index 00"),
        (b"index 0", b"index +0"),
        (b"@v1", b"@v2"),
        (b"index 0\n", b"extra AA==\nindex 0\n"),
        (b"\n\n", b"\n"),
    ],
)
def test_a_log_proof_of_another_spelling_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(EvidenceError, match="log-proof-malformed"):
        parse_log_proof(format_log_proof(logged(b"leaf")).replace(old, new, 1))


WHAT: dict[str, Any] = {
    "kind": "delivery",
    "digest": Digest.of(b"record"),
    "subjects": [("manifest", Digest.of(b"m")), ("opening", Digest.of(b"o"))],
    "org": "acme",
}
TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_an_open_leaf_says_what_it_commits_to_and_nothing_else() -> None:
    leaf = parse_leaf(format_leaf(open_leaf(**WHAT, time=TIME)))
    check_leaf_commits(leaf, None, **WHAT)
    for key, other in (
        ("kind", "builds"),
        ("digest", Digest.of(b"x")),
        ("org", "rival"),
        ("subjects", [("manifest", Digest.of(b"m"))]),
    ):
        with pytest.raises(EvidenceError, match="leaf-mismatch"):
            check_leaf_commits(leaf, None, **{**WHAT, key: other})


def test_a_committed_leaf_shows_nothing_without_its_opening() -> None:
    leaf, opening = committed_leaf(bytes(32), **WHAT, time=TIME)
    data = format_leaf(leaf)
    for hidden in (
        b"acme",
        Digest.of(b"record").hex.encode(),
        Digest.of(b"m").hex.encode(),
        Digest.of(b"o").hex.encode(),
    ):
        assert hidden not in data
    again = parse_opening(format_opening(opening))
    check_leaf_commits(parse_leaf(data), again, **WHAT)
    with pytest.raises(EvidenceError, match="opening-missing"):
        check_leaf_commits(parse_leaf(data), None, **WHAT)
    for key, other in (
        ("digest", Digest.of(b"x")),
        ("org", "rival"),
        ("subjects", [("manifest", Digest.of(b"x")), ("opening", Digest.of(b"o"))]),
    ):
        with pytest.raises(EvidenceError, match="commitment-mismatch"):
            check_leaf_commits(parse_leaf(data), again, **{**WHAT, key: other})
    wrong = replace(again, org=again.digest)
    with pytest.raises(EvidenceError, match="commitment-mismatch"):
        check_leaf_commits(parse_leaf(data), wrong, **WHAT)


def test_the_same_record_gives_the_same_commitment_so_that_appending_stays_idempotent() -> None:
    assert committed_leaf(bytes(32), **WHAT, time=TIME) == committed_leaf(bytes(32), **WHAT, time=TIME)
    assert (
        committed_leaf(b"\1" * 32, **WHAT, time=TIME)[0].value != committed_leaf(bytes(32), **WHAT, time=TIME)[0].value
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"v":1', b'"v":2'),
        (b'"kind"', b'"extra":1,"kind"'),
        (b",", b", "),
        (b"03:04:05Z", b"03:04:05+00:00"),
        (b'"org":"acme"', b'"org":1'),
    ],
)
def test_a_leaf_of_another_shape_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(EvidenceError):
        parse_leaf(format_leaf(open_leaf(**WHAT, time=TIME)).replace(old, new, 1))


def test_a_leaf_that_no_log_can_hold_is_refused() -> None:
    with pytest.raises(EvidenceError, match="leaf-too-large"):
        format_leaf(open_leaf(**{**WHAT, "org": "a" * 70_000}, time=TIME))
