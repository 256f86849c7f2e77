"""Signed statements coming back: each format for real, and every envelope that must not be taken."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from reviews.models import Attestation, Engagement, Statement
from reviews.services.accept_envelope import accept_envelope
from reviews.services.freeze_statement import freeze_statement
from reviews.services.mark_region import mark_region
from tests.cast import ORIGIN
from tests.reviews.conftest import engage
from tests.reviews.services.signing import (
    NAMESPACE,
    GpgKey,
    MinisignKey,
    PemKey,
    envelope_of,
    sign_ssh,
    sign_statement,
)
from transparency.errors import EvidenceError
from transparency.models import Grant, LogEntry, LogHead, TrustAnchor
from transparency.proofs.log.leaf import parse_leaf
from transparency.services.enrol_anchor import enrol_person_anchor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.cast import Cast, Key


@pytest.fixture
def statement(cast: Cast, engagement: Engagement) -> Statement:
    mark_region(person=cast.auditor, engagement=engagement, path="src/main.c", start=1, end=5)
    return freeze(cast, engagement, TrustAnchor.objects.get(person=cast.auditor))


def freeze(cast: Cast, engagement: Engagement, anchor: TrustAnchor) -> Statement:
    return freeze_statement(person=cast.auditor, engagement=engagement, anchor=anchor, conclusion="concerns")


def refused(cast: Cast, statement: Statement, data: bytes, code: str) -> EvidenceError:
    with pytest.raises(EvidenceError) as refusal:
        accept_envelope(person=cast.auditor, statement=statement, data=data)
    assert refusal.value.code == code
    assert not Attestation.objects.exists()
    assert not LogEntry.objects.filter(kind="attestation").exists()
    return refusal.value


def test_a_signed_statement_is_kept_and_logged(cast: Cast, statement: Statement) -> None:
    data = sign_statement(statement, cast.auditor_key)
    attestation = accept_envelope(person=cast.auditor, statement=statement, data=data)
    assert bytes(attestation.envelope) == data
    leaf = parse_leaf(bytes(attestation.entry.leaf))
    assert (leaf.kind, leaf.org, leaf.value.hex) == ("attestation", "north", attestation.digest)
    assert [(item.name, item.value.hex) for item in leaf.subjects] == [("manifest", statement.snapshot.manifest)]
    attestation.entry.refresh_from_db()
    assert attestation.entry.index is not None
    assert LogHead.objects.get().size == attestation.entry.index + 1


def test_a_restricted_products_attestation_is_logged_as_commitments(
    cast: Cast, restricted_engagement: Engagement
) -> None:
    statement = freeze(cast, restricted_engagement, TrustAnchor.objects.get(person=cast.auditor))
    attestation = accept_envelope(
        person=cast.auditor, statement=statement, data=sign_statement(statement, cast.auditor_key)
    )
    leaf = bytes(attestation.entry.leaf)
    for hidden in (b"north", attestation.digest.encode(), statement.snapshot.manifest.encode()):
        assert hidden not in leaf
    assert attestation.entry.opening is not None


def test_handing_in_the_same_bytes_again_changes_nothing(cast: Cast, statement: Statement) -> None:
    data = sign_statement(statement, cast.auditor_key)
    first = accept_envelope(person=cast.auditor, statement=statement, data=data)
    assert accept_envelope(person=cast.auditor, statement=statement, data=data) == first
    assert LogEntry.objects.filter(kind="attestation").count() == 1


def test_a_second_envelope_for_one_statement_is_refused(cast: Cast, statement: Statement) -> None:
    data = sign_statement(statement, cast.auditor_key)
    accept_envelope(person=cast.auditor, statement=statement, data=data)
    with pytest.raises(EvidenceError) as refusal:
        accept_envelope(person=cast.auditor, statement=statement, data=b" " + data)
    assert refusal.value.code == "already-attested"
    assert LogEntry.objects.filter(kind="attestation").count() == 1


@pytest.mark.parametrize("make", [lambda _: PemKey(), MinisignKey, GpgKey], ids=["pem", "minisign", "openpgp"])
def test_each_format_of_key_signs(
    cast: Cast, engagement: Engagement, tmp_path: Path, make: Callable[[Path], PemKey | MinisignKey | GpgKey]
) -> None:
    key = make(tmp_path)
    anchor = enrol_person_anchor(person=cast.auditor, public_text=key.public, enrolled_by=None)
    statement = freeze(cast, engagement, anchor)
    payload = bytes(statement.payload)
    altered = json.loads(key.sign(payload))
    altered["payload"] = base64.b64encode(payload.replace(b'"concerns"', b'"abstains"')).decode()
    refused(cast, statement, json.dumps(altered).encode(), "payload-mismatch")
    other = key.sign(payload + b" ")
    moved = envelope_of(payload, base64.b64decode(json.loads(other)["signatures"][0]["sig"]))
    with pytest.raises(EvidenceError):
        accept_envelope(person=cast.auditor, statement=statement, data=moved)
    assert accept_envelope(person=cast.auditor, statement=statement, data=key.sign(payload)).statement == statement


def test_an_altered_payload_is_shown_where_it_parts(cast: Cast, statement: Statement) -> None:
    altered = bytes(statement.payload).replace(b'"concerns"', b'"no-unexplained"')
    place = bytes(statement.payload).index(b"concerns")
    error = refused(cast, statement, envelope_of(altered, sign_ssh(altered, cast.auditor_key)), "payload-mismatch")
    assert error.subject == f"byte {place}"
    assert error.expected.startswith("'concerns")
    assert error.found.startswith("'no-unexplained")


def test_the_same_json_in_other_bytes_is_another_payload(cast: Cast, statement: Statement) -> None:
    spaced = json.dumps(json.loads(bytes(statement.payload))).encode()
    refused(cast, statement, envelope_of(spaced, sign_ssh(spaced, cast.auditor_key)), "payload-mismatch")
    cut = bytes(statement.payload)[:-1]
    error = refused(cast, statement, envelope_of(cut, sign_ssh(cut, cast.auditor_key)), "payload-mismatch")
    assert error.found == f"the end, at byte {len(cut)}"


def test_another_auditors_key_does_not_sign_for_this_one(
    cast: Cast, statement: Statement, keys: Mapping[str, Key]
) -> None:
    refused(cast, statement, sign_statement(statement, cast.other_auditor_key), "key-mismatch")
    refused(cast, statement, sign_statement(statement, keys["outsider"]), "key-mismatch")
    refused(cast, statement, sign_statement(statement, cast.vendor_key), "key-mismatch")


def test_another_key_of_the_same_auditor_is_not_the_one_the_statement_names(
    cast: Cast, statement: Statement, keys: Mapping[str, Key]
) -> None:
    enrol_person_anchor(person=cast.auditor, public_text=keys["outsider"].public, enrolled_by=None)
    refused(cast, statement, sign_statement(statement, keys["outsider"]), "signed-by-another-key")


def test_only_the_attestation_namespace_of_this_log_counts(cast: Cast, statement: Statement) -> None:
    for namespace in ("file", "git", "source-review", "source-review@other.test/log", f"{NAMESPACE}x"):
        refused(cast, statement, sign_statement(statement, cast.auditor_key, namespace), "namespace-mismatch")
    assert f"source-review@{ORIGIN}" == NAMESPACE


def test_a_key_that_ended_since_the_draft_is_refused(cast: Cast, statement: Statement) -> None:
    data = sign_statement(statement, cast.auditor_key)
    now = timezone.now()
    TrustAnchor.objects.filter(person=cast.auditor).update(valid_until=now - timedelta(minutes=1))
    refused(cast, statement, data, "key-window")
    TrustAnchor.objects.filter(person=cast.auditor).update(valid_until=None, valid_from=now + timedelta(hours=1))
    refused(cast, statement, data, "key-window")


def test_the_envelope_of_one_statement_does_not_answer_another(
    cast: Cast, statement: Statement, engagement: Engagement
) -> None:
    data = sign_statement(statement, cast.auditor_key)
    again = freeze(cast, engagement, statement.anchor)
    refused(cast, again, data, "payload-mismatch")


def test_a_statement_of_another_engagement_is_not_the_reviewers_to_sign(
    cast: Cast, statement: Statement, foreign_engagement: Engagement
) -> None:
    anchor = TrustAnchor.objects.get(person=cast.other_auditor)
    foreign = freeze_statement(
        person=cast.other_auditor, engagement=foreign_engagement, anchor=anchor, conclusion="abstain"
    )
    refused(cast, foreign, sign_statement(foreign, cast.auditor_key), "not-a-member")
    with pytest.raises(EvidenceError) as refusal:
        accept_envelope(
            person=cast.other_auditor, statement=statement, data=sign_statement(statement, cast.auditor_key)
        )
    assert refusal.value.code == "not-a-member"


def test_a_colleague_cannot_hand_in_for_the_reviewer(cast: Cast, statement: Statement, engagement: Engagement) -> None:
    other = type(cast.auditor).objects.create_user("nora", organisation=cast.auditor.organisation)
    engagement.auditors.add(other)
    with pytest.raises(EvidenceError) as refusal:
        accept_envelope(person=other, statement=statement, data=sign_statement(statement, cast.auditor_key))
    assert refusal.value.code == "not-the-reviewer"


def test_a_reviewer_whose_right_was_withdrawn_attests_no_more(cast: Cast, restricted_engagement: Engagement) -> None:
    statement = freeze(cast, restricted_engagement, TrustAnchor.objects.get(person=cast.auditor))
    data = sign_statement(statement, cast.auditor_key)
    Grant.objects.all().delete()
    refused(cast, statement, data, "not-a-member")


def test_two_signatures_are_refused_even_when_both_hold(cast: Cast, statement: Statement) -> None:
    payload = bytes(statement.payload)
    good = sign_ssh(payload, cast.auditor_key)
    refused(cast, statement, envelope_of(payload, good, good), "envelope-signatures")
    bad = sign_ssh(payload, cast.other_auditor_key)
    refused(cast, statement, envelope_of(payload, bad, good), "envelope-signatures")


def test_what_is_no_envelope_is_refused_with_a_reason(cast: Cast, statement: Statement) -> None:
    good = json.loads(sign_statement(statement, cast.auditor_key))
    raw = bytes(statement.payload)
    for data, code in (
        (b"", "json-malformed"),
        (b"not json", "json-malformed"),
        (raw, "json-shape"),
        (json.dumps(good | {"signatures": []}).encode(), "envelope-malformed"),
        (json.dumps(good | {"payloadType": "text/plain"}).encode(), "payload-type"),
        (json.dumps(good | {"payload": "*"}).encode(), "envelope-malformed"),
        (sign_statement(statement, cast.auditor_key)[:-40], "json-malformed"),
        (b'{"payload":"","payload":"",' + json.dumps(good).encode()[1:], "json-duplicate-key"),
        (bytes(1024 * 1024 + 1), "envelope-malformed"),
    ):
        refused(cast, statement, data, code)


def test_the_hint_of_an_envelope_decides_nothing(cast: Cast, statement: Statement) -> None:
    payload = bytes(statement.payload)
    data = envelope_of(payload, sign_ssh(payload, cast.auditor_key), keyid="SHA256:somebody-else")
    assert accept_envelope(person=cast.auditor, statement=statement, data=data).digest


def test_releases_of_two_products_do_not_lend_each_other_statements(
    cast: Cast, statement: Statement, restricted_engagement: Engagement
) -> None:
    other = freeze(cast, restricted_engagement, statement.anchor)
    refused(cast, other, sign_statement(statement, cast.auditor_key), "payload-mismatch")
    assert engage(cast.auditor, restricted_engagement.release).digest != restricted_engagement.digest
