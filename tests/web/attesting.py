"""Statements made and signed for real, so that pages have what people say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviews.services.accept_envelope import accept_envelope
from reviews.services.freeze_statement import freeze_statement
from reviews.services.mark_region import mark_region
from tests.reviews.services.signing import sign_statement
from transparency.models import TrustAnchor

if TYPE_CHECKING:
    from reviews.models import Attestation, Engagement
    from tests.cast import Key
    from transparency.models import Person


def attest(
    person: Person, key: Key, engagement: Engagement, *, path: str, lines: int, conclusion: str = "no-unexplained"
) -> Attestation:
    mark_region(person=person, engagement=engagement, path=path, start=1, end=lines)
    anchor = TrustAnchor.objects.get(person=person)
    statement = freeze_statement(person=person, engagement=engagement, anchor=anchor, conclusion=conclusion)
    return accept_envelope(person=person, statement=statement, data=sign_statement(statement, key))


def bare(page: bytes) -> list[bytes]:
    """A page without what differs between two requests of anybody: the form's token."""
    return [line for line in page.splitlines() if b"csrfmiddlewaretoken" not in line]
