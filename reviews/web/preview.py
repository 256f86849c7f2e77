"""The sentences that a statement would hold if it were frozen now, for the page on which it is prepared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from reviews.rules.predicate import fill_review
from reviews.services.freeze_statement import DEFAULT_WORDS
from reviews.services.gather_facts import gather_facts
from transparency.proofs.attest.predicates import NOT_SHOWN

if TYPE_CHECKING:
    from reviews.models import Engagement
    from transparency.models import Person


@dataclass(frozen=True, slots=True)
class Preview:
    machines_found: str
    people_state: str
    not_shown: str


def preview_of(person: Person, engagement: Engagement) -> Preview | None:
    """None for somebody without a key, or for a release without source. Nothing is written."""
    anchor = person.anchors.filter(revoked_at__isnull=True).first()
    if anchor is None or engagement.release.subject is None:
        return None
    gathered = gather_facts(
        person=person, engagement=engagement, anchor=anchor, now=timezone.now(), valid_until=None, open_findings=0
    )
    review = fill_review(gathered.facts, DEFAULT_WORDS, "abstain")
    return Preview(review.machines_found, review.people_state, NOT_SHOWN)
