from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.signers import PemSigner, SshSigner
from tests.simulator import NORTH, SOUTH, TIME, Simulator, check, status_of
from transparency.proofs.attest.dsse import Envelope, EnvelopeSignature, format_envelope, parse_envelope
from transparency.proofs.attest.predicates import format_source_review
from transparency.proofs.canonical import canonical_json
from transparency.proofs.digest import Digest
from transparency.proofs.signatures.keys import KeyHolder

if TYPE_CHECKING:
    from pathlib import Path

    from transparency.proofs.trust import KeyRing

LINK = "attestations/01"


@pytest.fixture
def world(tmp_path: Path) -> Simulator:
    """A release with its delivery and without attestations: each test logs its own."""
    world = Simulator(tmp_path)
    world.deliver()
    return world


def failure(world: Simulator, **more: Any) -> tuple[str | None, str]:
    report = check(world, **more)
    assert report.exit_code == 1
    return report.failed, report.links[-1].code


def with_authorities(world: Simulator, *authorities: KeyHolder) -> KeyRing:
    return replace(world.ring(), authorities=authorities)


def test_an_attestation_holds_and_is_counted(world: Simulator) -> None:
    world.attest()
    report = check(world, attestations=1, authorities=1, share_read_percent=80)
    assert status_of(report, LINK) == "ok"
    assert report.exit_code == 0


def test_an_attestation_that_another_key_signed_under_the_reviewers_fingerprint_is_refused(
    world: Simulator, tmp_path: Path
) -> None:
    envelope = world.envelope(world.review(NORTH), signer=SshSigner(tmp_path, "impostor"))
    world.attest(envelope=envelope)
    assert failure(world) == (LINK, "attestation-unsigned")


def test_an_attestation_by_a_key_that_the_checker_does_not_have_is_not_counted(world: Simulator) -> None:
    stranger = PemSigner()
    review = world.review(NORTH)
    review = replace(review, reviewer=replace(review.reviewer, keyid=stranger.key.fingerprint))
    world.attest(envelope=world.envelope(review, signer=stranger))
    report = check(world, attestations=1)
    assert status_of(report, LINK) == "not checked"
    assert not report.reviews[0].is_counted
    assert (report.exit_code, report.unmet) == (4, ("attestations",))


def test_an_authority_that_the_checker_does_not_know_is_not_counted(world: Simulator) -> None:
    world.attest(SOUTH)
    trust = world.trust(attestations=1)
    ring = with_authorities(world, KeyHolder(NORTH, (world.auditors[SOUTH].key,)))
    report = check(world, trust=replace(trust, ring=ring))
    assert status_of(report, LINK) == "not checked"
    assert "authority not in the trust file: south" in str(report.link(LINK))
    assert report.unmet == ("attestations",)


def test_one_authority_cannot_speak_for_another(world: Simulator) -> None:
    """The south signs a statement that names the north, and the centre logs it as the north's."""
    review = world.review(NORTH)
    world.attest(envelope=world.envelope(review, signer=world.auditors[SOUTH]))
    assert failure(world) == (LINK, "attestation-unsigned")


def test_a_statement_logged_under_another_organisation_is_refused(world: Simulator) -> None:
    world.attest(NORTH, org=SOUTH)
    assert failure(world) == (LINK, "leaf-mismatch")


def test_an_attestation_of_another_source_is_refused(world: Simulator) -> None:
    world.attest(subject=Digest.of(b"another source"))
    assert failure(world) == (LINK, "subject-mismatch")


def test_an_attestation_made_for_another_log_cannot_be_replayed(world: Simulator) -> None:
    review = world.review(SOUTH, origin="log.other.test/source")
    world.attest(SOUTH, review=review)
    assert failure(world) == (LINK, "origin-mismatch")


def test_an_ssh_signature_of_the_namespace_for_files_is_no_attestation(world: Simulator) -> None:
    class Careless(SshSigner):
        def __init__(self, other: Any) -> None:
            self.path, self.key = other.path, other.key

        def sign_statement(self, message: bytes, namespace: str) -> bytes:
            return super().sign_statement(message, "file")

    world.attest(envelope=world.envelope(world.review(NORTH), signer=Careless(world.auditors[NORTH])))
    assert failure(world) == (LINK, "attestation-unsigned")


def test_a_payload_changed_after_signing_is_refused(world: Simulator) -> None:
    envelope = parse_envelope(world.envelope(world.review(NORTH), signer=world.auditors[NORTH]))
    flattered = envelope.payload.replace(b'"read":40', b'"read":50')
    assert flattered != envelope.payload
    world.attest(envelope=format_envelope(replace(envelope, payload=flattered)))
    assert failure(world) == (LINK, "attestation-unsigned")


def test_an_attestation_that_was_never_logged_is_refused(world: Simulator) -> None:
    world.attest()
    world.log.leaves.pop()
    world.log_other(5)
    assert failure(world)[0] == LINK


def test_a_predicate_of_another_type_is_refused(world: Simulator) -> None:
    signer = world.auditors[NORTH]
    envelope = world.envelope(world.review(NORTH), signer=signer, predicate_type="https://slsa.dev/provenance/v1")
    world.attest(envelope=envelope)
    assert failure(world) == (LINK, "predicate-type")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("coverage.read", 51),
        ("coverage.read", -1),
        ("coverage.read", 40.5),
        ("coverage.inScope", "50"),
        ("coverage.unit", "byte"),
        ("conclusion", "safe"),
        ("reviewer.org", None),
        ("scope", None),
        ("machinesFound", 1),
        ("peopleState", None),
        ("notShown", "This shows that no back door exists."),
    ],
)
def test_a_malformed_predicate_is_refused_even_when_signed(world: Simulator, path: str, value: Any) -> None:
    predicate: Any = json.loads(canonical_json(format_source_review(world.review(NORTH))))
    target = predicate
    *parents, last = path.split(".")
    for parent in parents:
        target = target[parent]
    target[last] = value
    envelope = world.envelope(world.review(NORTH), signer=world.auditors[NORTH], predicate=predicate)
    world.attest(envelope=envelope)
    failed, code = failure(world)
    assert (failed, code) in {(LINK, "predicate-malformed"), (LINK, "json-shape")}


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b'{"payload":"","payloadType":"application/vnd.in-toto+json","signatures":[]}', b"\xff"],
)
def test_an_envelope_that_cannot_be_read_is_refused(world: Simulator, data: bytes) -> None:
    world.attest(envelope=data)
    assert failure(world)[0] == LINK


def test_signatures_of_any_shape_are_refused_and_never_crash(world: Simulator) -> None:
    good = parse_envelope(world.envelope(world.review(NORTH), signer=world.auditors[NORTH]))
    signature = good.signatures[0].signature
    for raw in (
        b"",
        b"\x00",
        b"SSHSIG",
        signature[:-1],
        signature + b"\x00",
        bytes(64),
        b"\x30\x06\x02\x01\x01\x02\x01\x01",
    ):
        world.attestations.clear()
        item = EnvelopeSignature("", raw)
        world.attest(envelope=format_envelope(Envelope(good.payload, good.payload_type, (item,))))
        assert failure(world) == (LINK, "attestation-unsigned")


def test_a_key_counts_for_the_time_of_the_leaf_only(world: Simulator) -> None:
    world.attest(time=TIME)
    minute = timedelta(minutes=1)
    windows: tuple[tuple[dict[str, Any], int], ...] = (
        ({"valid_from": TIME, "valid_until": TIME}, 0),
        ({"valid_until": TIME - minute}, 1),
        ({"valid_from": TIME + minute}, 1),
    )
    for window, code in windows:
        key = replace(world.auditors[NORTH].key, **window)
        trust = replace(world.trust(), ring=with_authorities(world, KeyHolder(NORTH, (key,))))
        report = check(world, trust=trust)
        assert report.exit_code == code
        assert report.failed == (LINK if code else None)


def test_an_attestation_whose_validity_has_ended_is_not_counted(world: Simulator) -> None:
    world.attest(review=world.review(NORTH, valid_until=TIME + timedelta(days=30)))
    assert check(world, attestations=1, now=TIME + timedelta(days=30)).exit_code == 0
    late = check(world, attestations=1, now=TIME + timedelta(days=31))
    assert status_of(late, LINK) == "not checked"
    assert "validity ended" in str(late.link(LINK))
    assert (late.exit_code, late.unmet) == (4, ("attestations",))


def test_another_key_of_the_same_authority_may_have_signed(world: Simulator) -> None:
    second = PemSigner()
    world.attest(envelope=world.envelope(world.review(NORTH), signer=second))
    keys = (world.auditors[NORTH].key, second.key)
    report = check(world, trust=replace(world.trust(), ring=with_authorities(world, KeyHolder(NORTH, keys))))
    assert status_of(report, LINK) == "ok"


def test_the_same_statement_twice_is_one_attestation(world: Simulator) -> None:
    """In two spellings, so that both are in the log."""
    envelope = world.envelope(world.review(NORTH), signer=world.auditors[NORTH])
    world.attest(envelope=envelope)
    world.attest(envelope=json.dumps(json.loads(envelope), indent=1).encode())
    report = check(world, attestations=2)
    assert [status_of(report, f"attestations/0{number}") for number in (1, 2)] == ["ok", "ok"]
    assert (report.exit_code, report.unmet) == (4, ("attestations",))


def test_one_entry_of_the_log_shown_twice_is_one_attestation(world: Simulator) -> None:
    item = world.attest()
    world.attestations.append(item)
    assert check(world, attestations=2).unmet == ("attestations",)
