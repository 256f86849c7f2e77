"""Who may work in an engagement. The rights themselves follow from transparency/permissions.py and are asked again each time."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils import timezone

from transparency.errors import EvidenceError, NotAllowedError
from transparency.models import Organisation, Person
from transparency.permissions import Right, may
from transparency.proofs.times import format_time

if TYPE_CHECKING:
    from reviews.models import Attestation, Engagement
    from transparency.models import Snapshot
    from transparency.permissions import Someone


class Phase(StrEnum):
    """Where an engagement stands in time. Only a running one is worked in."""

    COMING = "not begun yet"
    RUNNING = "running"
    OVER = "over"


def phase_of(engagement: Engagement) -> Phase:
    """Where the engagement stands now."""
    now = timezone.now()
    if engagement.starts_at > now:
        return Phase.COMING
    return Phase.OVER if engagement.ends_at and engagement.ends_at < now else Phase.RUNNING


def is_member(person: Someone, engagement: Engagement, *, path: str = "") -> bool:
    """Whether this is one of the engagement's auditors who still has the right to review (there, at `path`)."""
    if not isinstance(person, Person) or authority_of(person) != engagement.authority:
        return False
    if not may(person, Right.REVIEW, engagement.release, path=path):
        return False
    return engagement.auditors.filter(pk=person.pk).exists()


def require_member(person: Someone, engagement: Engagement, *, path: str = "") -> None:
    """Raise `not-a-member` unless `is_member`, and `terms-not-accepted` while that person has not accepted the terms.

    Whatever is written under an engagement asks this: reading a release follows from the right to it, working from the terms.
    """
    if not is_member(person, engagement, path=path):
        raise NotAllowedError("not-a-member", expected="an auditor of this engagement with the right to review")
    if not has_accepted(person, engagement):
        raise EvidenceError("terms-not-accepted", expected="the engagement's terms accepted", found="not accepted yet")


def has_accepted(person: Someone, engagement: Engagement) -> bool:
    """Whether there is nothing (more) for this person to accept."""
    if not engagement.terms:
        return True
    return isinstance(person, Person) and engagement.acceptances.filter(person=person).exists()


def stopped_by(person: Someone, engagement: Engagement) -> str:
    """Why this auditor cannot work under the engagement now, as a page says it; empty where nothing is in the way."""
    phase = phase_of(engagement)
    if phase is not Phase.RUNNING:
        return f"Your engagement is {phase}: you read, and nothing is marked or noted."
    return "" if has_accepted(person, engagement) else "Accept the terms of your engagement before you mark or note."


def require_reading(person: Person, engagement: Engagement) -> Snapshot:
    """Return the source whose reading the person may be told of; raise `reading-private`, `release-without-subject`."""
    if not may_read_notes(person, engagement):
        raise NotAllowedError("reading-private", expected=f"a reviewer of {engagement.authority.slug}")
    if engagement.release.subject is None:
        raise EvidenceError("release-without-subject", expected="a release with an admitted source", found="none")
    return engagement.release.subject


def require_running(engagement: Engagement) -> None:
    """Raise `engagement-closed` outside the engagement's time."""
    if phase_of(engagement) is not Phase.RUNNING:
        until = format_time(engagement.ends_at) if engagement.ends_at else "…"
        raise EvidenceError(
            "engagement-closed",
            expected=f"{format_time(engagement.starts_at)} to {until}",
            found=format_time(timezone.now()),
        )


def authority_of(person: Someone) -> Organisation | None:
    """Return the authority that a person belongs to, None for everybody else."""
    organisation: Organisation | None = getattr(person, "organisation", None)
    if organisation is None or organisation.kind != Organisation.Kind.AUTHORITY:
        return None
    return organisation


def may_know_reviewer(someone: Someone, authority: Organisation) -> bool:
    """No statement holds a name: the reviewer's own authority and the operator know who it is."""
    return authority_of(someone) == authority or may(someone, Right.OPERATE, None)


def may_read_notes(person: Person, engagement: Engagement) -> bool:
    """Notes and reading detail belong to the authority: its own people who may review the release, nobody else."""
    return authority_of(person) == engagement.authority and may(person, Right.REVIEW, engagement.release)


def may_have_envelope(person: Someone, attestation: Attestation) -> bool:
    """Its scope is made of paths, which of a restricted product only those see who may read all of it."""
    release = attestation.release
    return not release.product.is_restricted or may(person, Right.READ_SOURCE, release)
