"""What a statement would say if it were frozen now, for the page on which it is prepared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from reviews.rules.predicate import fill_review
from reviews.services.freeze_statement import DEFAULT_WORDS
from reviews.services.gather_facts import gather_facts

if TYPE_CHECKING:
    from reviews.models import Engagement
    from reviews.web.statement_forms import StatementForm
    from transparency.models import Person
    from transparency.proofs.attest.predicates import SourceReview


def preview_of(person: Person, engagement: Engagement, form: StatementForm) -> SourceReview | None:
    """With the words of a form that was filled in, else with the usual ones; None without a key or a source. Nothing is written.

    Raises what the words do (`text-…`, `too-many-items`).
    """
    said = form.cleaned_data if form.is_valid() else {}
    anchor = said.get("anchor") or form.fields["anchor"].queryset.first()  # type: ignore[attr-defined]
    if anchor is None or engagement.release.subject is None:
        return None
    gathered = gather_facts(
        person=person,
        engagement=engagement,
        anchor=anchor,
        now=timezone.now(),
        valid_until=said.get("valid_until"),
        open_findings=said.get("open_findings", 0),
    )
    return fill_review(gathered.facts, form.words if said else DEFAULT_WORDS, said.get("conclusion", "abstain"))
