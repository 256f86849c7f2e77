"""Terms are accepted once by each auditor, before anything is written under an engagement that has some."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from reviews.models import Acceptance, Engagement, Note, ReadMark, Statement
from reviews.permissions import Phase, has_accepted, is_member, phase_of
from reviews.services.accept_terms import accept_terms
from reviews.services.freeze_statement import freeze_statement
from reviews.services.mark_region import mark_region
from tests.reviews.conftest import colleague, engage
from transparency.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cast import Cast
    from transparency.models import Release


def refused(code: str, call: Callable[[], object]) -> None:
    with pytest.raises(EvidenceError) as refusal:
        call()
    assert refusal.value.code == code


def test_nothing_is_marked_or_stated_before_the_terms_are_accepted(cast: Cast, open_release: Release) -> None:
    row = engage(cast.auditor, open_release, terms="Look, do not copy.")

    def mark() -> object:
        return mark_region(person=cast.auditor, engagement=row, path="README", start=1, end=1)

    def freeze() -> object:
        anchor = cast.auditor.anchors.get()
        return freeze_statement(person=cast.auditor, engagement=row, anchor=anchor, conclusion="abstain")

    for work in (mark, freeze):
        refused("terms-not-accepted", work)
    assert (ReadMark.objects.count(), Note.objects.count(), Statement.objects.count()) == (0, 0, 0)
    refused("terms-differ", lambda: accept_terms(person=cast.auditor, engagement=row, digest="0" * 64))
    first = accept_terms(person=cast.auditor, engagement=row, digest=row.digest)
    assert accept_terms(person=cast.auditor, engagement=row, digest=row.digest) == first
    assert mark()
    assert freeze()
    assert Acceptance.objects.count() == 1


def test_only_the_engagements_auditors_accept_and_each_for_themselves(cast: Cast, open_release: Release) -> None:
    row = engage(cast.auditor, open_release, terms="Look, do not copy.")
    cora = colleague(cast.auditor, "cora")
    for person in (cora, cast.other_auditor, cast.vendor, cast.operator, cast.stranger):
        refused("not-a-member", lambda: accept_terms(person=person, engagement=row, digest=row.digest))  # noqa: B023
    row.auditors.add(cora)
    accept_terms(person=cora, engagement=row, digest=row.digest)
    assert (has_accepted(cora, row), has_accepted(cast.auditor, row)) == (True, False)
    assert is_member(cast.auditor, row)  # whose page it stays


def test_terms_may_be_accepted_before_it_begins_and_not_when_it_is_over(cast: Cast, open_release: Release) -> None:
    row, now = engage(cast.auditor, open_release, terms="Look, do not copy."), timezone.now()
    Engagement.objects.update(starts_at=now - timedelta(days=2), ends_at=now - timedelta(days=1))
    row.refresh_from_db()
    assert phase_of(row) is Phase.OVER
    refused("engagement-closed", lambda: accept_terms(person=cast.auditor, engagement=row, digest=row.digest))
    Engagement.objects.update(starts_at=now + timedelta(days=1), ends_at=None)
    row.refresh_from_db()
    assert phase_of(row) is Phase.COMING
    accept_terms(person=cast.auditor, engagement=row, digest=row.digest)
    refused(
        "engagement-closed",
        lambda: mark_region(person=cast.auditor, engagement=row, path="README", start=1, end=1),
    )
    bare = engage(cast.auditor, open_release)
    refused("terms-missing", lambda: accept_terms(person=cast.auditor, engagement=bare, digest=bare.digest))
