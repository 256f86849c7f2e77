"""The check of an attestation fails at the step that was tampered with, and says nothing for what it cannot look at."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from reviews.models import Attestation, Engagement
from reviews.services.accept_envelope import accept_envelope
from reviews.services.check_attestation import check_attestation
from reviews.services.freeze_statement import freeze_statement
from tests.reviews.services.signing import envelope_of, sign_ssh, sign_statement
from transparency.models import LogEntry, TrustAnchor
from transparency.proofs.digest import Digest

if TYPE_CHECKING:
    import pytest

    from tests.cast import Cast


def attest(cast: Cast, engagement: Engagement, **more: object) -> Attestation:
    anchor = cast.auditor.anchors.get()
    call = {"person": cast.auditor, "engagement": engagement, "anchor": anchor, "conclusion": "abstain", **more}
    row = freeze_statement(**call)  # type: ignore[arg-type]
    attestation = accept_envelope(person=cast.auditor, statement=row, data=sign_statement(row, cast.auditor_key))
    return Attestation.objects.get(pk=attestation.pk)


def outcome(attestation: Attestation) -> tuple[str, int, str]:
    """How it ended, how many steps held, and what the first other step found."""
    checked = check_attestation(attestation=Attestation.objects.get(pk=attestation.pk))
    held = [step["status"] for step in checked.steps].count("holds")
    rest = [step["found"] for step in checked.steps if step["status"] != "holds"]
    assert len(checked.steps) == 6
    return checked.outcome, held, rest[0] if rest else ""


def swap(attestation: Attestation, envelope: bytes) -> None:
    """Whoever owns the database puts another envelope under its own digest."""
    Attestation.objects.filter(pk=attestation.pk).update(envelope=envelope, digest=Digest.of(envelope).hex)


def test_each_step_that_was_tampered_with_is_the_one_that_fails(cast: Cast, engagement: Engagement) -> None:
    row = attest(cast, engagement)
    good, payload = bytes(row.envelope), bytes(row.statement.payload)
    assert outcome(row) == ("holds", 6, "")
    Attestation.objects.filter(pk=row.pk).update(envelope=good + b" ")
    assert outcome(row)[:2] == ("fails", 0)
    swap(row, b"not json")
    assert outcome(row)[:2] == ("fails", 1)
    changed = payload.replace(row.statement.snapshot.manifest.encode(), b"0" * 64)
    swap(row, envelope_of(changed, sign_ssh(changed, cast.auditor_key)))
    assert "subject-mismatch" in outcome(row)[2]
    changed = payload.replace(b"log.centre.test/source", b"log.centre.test/other_")
    swap(row, envelope_of(changed, sign_ssh(changed, cast.auditor_key)))
    assert "origin-mismatch" in outcome(row)[2]
    swap(row, envelope_of(payload, sign_ssh(payload, cast.other_auditor_key)))
    assert outcome(row)[:2] == ("fails", 2)
    swap(row, json.dumps(json.loads(good)).encode())
    assert outcome(row) == ("fails", 3, f"{row.digest} (leaf-mismatch)")  # the leaf names the one that was handed in
    swap(row, good)
    assert outcome(row) == ("holds", 6, "")


def test_a_revoked_key_an_ended_validity_and_a_pending_entry_are_three_answers(
    cast: Cast, engagement: Engagement, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = timezone.now() + timedelta(days=1)
    row = attest(cast, engagement, valid_until=until)
    later = until + timedelta(days=1)
    with monkeypatch.context() as moved:
        moved.setattr(timezone, "now", lambda: later)
        assert outcome(row)[:2] == ("fails", 5)
    index = row.entry.index
    LogEntry.objects.filter(pk=row.entry_id).update(index=None)
    assert outcome(row)[:2] == ("could not be looked at", 4)
    LogEntry.objects.filter(pk=row.entry_id).update(index=index)
    anchors = TrustAnchor.objects.filter(person=cast.auditor)
    anchors.update(revoked_at=timezone.now() + timedelta(days=1), revocation="superseded")
    assert outcome(row) == ("holds", 6, "")  # it counted when it was logged
    anchors.update(revocation="compromised")
    assert "key-revoked" in outcome(row)[2]


def test_a_restricted_products_attestation_is_opened_and_holds(cast: Cast, restricted_engagement: Engagement) -> None:
    row = attest(cast, restricted_engagement)
    assert outcome(row) == ("holds", 6, "")
    LogEntry.objects.filter(pk=row.entry_id).update(opening=None)
    assert outcome(row)[:2] == ("fails", 3)
