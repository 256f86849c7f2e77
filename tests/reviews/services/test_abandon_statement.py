"""A statement that will not be signed is abandoned by its reviewer alone, takes no envelope then, and can be taken up again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviews.models import Attestation, Engagement, Statement
from reviews.queries import statements_waiting
from reviews.services.abandon_statement import abandon_statement
from reviews.services.accept_envelope import accept_envelope
from reviews.services.freeze_statement import freeze_statement
from reviews.services.take_up_statement import take_up_statement
from tests.reviews.conftest import colleague
from tests.reviews.services.signing import sign_statement
from transparency.errors import EvidenceError

if TYPE_CHECKING:
    from tests.cast import Cast


def test_it_is_hidden_takes_no_envelope_and_comes_back(cast: Cast, engagement: Engagement) -> None:
    anchor = cast.auditor.anchors.get()
    row = freeze_statement(person=cast.auditor, engagement=engagement, anchor=anchor, conclusion="abstain")
    payload, data = bytes(row.payload), sign_statement(row, cast.auditor_key)
    other = colleague(cast.auditor, "cora")
    engagement.auditors.add(other)
    for act in (abandon_statement, take_up_statement):
        with pytest.raises(EvidenceError) as refusal:
            act(person=other, statement=row)
        assert refusal.value.code == "not-the-reviewer"
    first = abandon_statement(person=cast.auditor, statement=row).abandoned_at
    assert abandon_statement(person=cast.auditor, statement=row).abandoned_at == first is not None
    assert not statements_waiting(cast.auditor)
    with pytest.raises(EvidenceError) as refusal:
        accept_envelope(person=cast.auditor, statement=row, data=data)
    assert (refusal.value.code, Attestation.objects.count()) == ("statement-abandoned", 0)
    take_up_statement(person=cast.auditor, statement=row)
    assert list(statements_waiting(cast.auditor)) == [row]
    assert accept_envelope(person=cast.auditor, statement=row, data=data).statement == row
    with pytest.raises(EvidenceError) as refusal:
        abandon_statement(person=cast.auditor, statement=row)
    assert refusal.value.code == "already-attested"
    row.refresh_from_db()
    assert (row.abandoned_at, bytes(row.payload)) == (None, payload)
    assert Statement.objects.count() == 1
