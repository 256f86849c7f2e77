"""Accept an engagement's terms: once for each auditor, before anything is marked, noted or stated under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from reviews.models import Acceptance
from reviews.permissions import Phase, is_member, phase_of, require_running
from transparency.errors import EvidenceError, NotAllowedError

if TYPE_CHECKING:
    from reviews.models import Engagement
    from transparency.models import Person


def accept_terms(*, person: Person, engagement: Engagement, digest: str) -> Acceptance:
    """Return the acceptance, new or of before; `digest` is that of the engagement whose terms the person saw.

    Raises `not-a-member`, `terms-missing`, `terms-differ`, and `engagement-closed` when it is over: before it begins they may be accepted.
    """
    if not is_member(person, engagement):
        raise NotAllowedError("not-a-member", expected="an auditor of this engagement with the right to review")
    if phase_of(engagement) is Phase.OVER:
        require_running(engagement)
    if not engagement.terms:
        raise EvidenceError("terms-missing", expected="an engagement with terms", found="none")
    if digest != engagement.digest:
        raise EvidenceError("terms-differ", expected=engagement.digest, found=digest[:64])
    with transaction.atomic():
        return Acceptance.objects.get_or_create(engagement=engagement, person=person)[0]
