"""Agree on an engagement: one authority's review of one release, its scope, depth, team, terms and dates.

Rights are not given here: everybody on the team must hold the right to review already, and whoever creates the engagement
is the operator or one of the authority's own reviewers.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.db import transaction

from reviews.models import Engagement
from reviews.permissions import authority_of
from reviews.rules.scope import Scope
from reviews.rules.words import check_words
from reviews.services.load_reading import load_tree
from transparency.errors import EvidenceError, NotAllowedError
from transparency.permissions import Right, may
from transparency.proofs.canonical import canonical_json
from transparency.proofs.digest import Digest
from transparency.proofs.records import BASE
from transparency.proofs.times import format_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from reviews.rules.scope import Exclusion
    from transparency.models import Organisation, Person, Release

ENGAGEMENT_TYPE = f"{BASE}record/engagement/v1"
MAX_TERMS_CHARS = 100_000
MAX_AUDITORS = 200
NONCE_BYTES = 32


def create_engagement(
    *,
    created_by: Person,
    authority: Organisation,
    release: Release,
    auditors: Sequence[Person],
    starts_at: datetime,
    ends_at: datetime | None = None,
    depth: str = Engagement.Depth.BLUE,
    include: Sequence[str] = (),
    exclude: Sequence[Exclusion] = (),
    terms: str = "",
) -> Engagement:
    """Return the new engagement; raise NotAllowedError, `engagement-malformed`, `glob-…`, `scope-empty`, `text-…`."""
    _check_people(created_by, authority, release, auditors)
    scope = Scope(include=tuple(include), exclude=tuple(exclude))
    words = check_words(terms, limit=MAX_TERMS_CHARS, where="terms", optional=True)
    if depth not in Engagement.Depth.values:
        raise EvidenceError("engagement-malformed", subject="depth", expected="blue, red or black", found=depth[:40])
    if ends_at is not None and ends_at <= starts_at:
        raise EvidenceError("engagement-malformed", subject="dates", expected="an end after the start", found="before")
    exclusions = [{"glob": each.glob, "reason": each.reason} for each in scope.exclude]
    if release.subject is not None and not load_tree(release.subject, scope).totals_of("").files:
        raise EvidenceError("scope-empty", expected="a scope that covers a file", found="none")
    record = canonical_json(
        {
            "type": ENGAGEMENT_TYPE,
            "authority": authority.slug,
            "vendor": release.product.vendor.slug,
            "product": release.product.slug,
            "release": release.version,
            "depth": str(depth),
            "include": list(scope.include),
            "exclude": [dict(each) for each in exclusions],
            "auditors": sorted(person.get_username() for person in auditors),
            "terms": words,
            "startsAt": format_time(starts_at),
            "endsAt": format_time(ends_at) if ends_at else None,
            # The digest is published in attestations; names and terms must not be guessable from it.
            "nonce": secrets.token_hex(NONCE_BYTES),
        }
    )
    with transaction.atomic():
        engagement = Engagement.objects.create(
            authority=authority,
            release=release,
            depth=depth,
            include=list(scope.include),
            exclude=exclusions,
            terms=words,
            starts_at=starts_at,
            ends_at=ends_at,
            created_by=created_by,
            record=record,
            digest=Digest.of(record).hex,
        )
        engagement.auditors.set(auditors)
    return engagement


def _check_people(created_by: Person, authority: Organisation, release: Release, auditors: Sequence[Person]) -> None:
    own = authority_of(created_by) == authority and may(created_by, Right.REVIEW, release)
    if not own and not may(created_by, Right.OPERATE, None):
        raise NotAllowedError("engagement-not-yours", expected="the operator, or a reviewer of the authority")
    if authority.kind != authority.Kind.AUTHORITY:
        raise EvidenceError("engagement-malformed", subject="authority", expected="an authority", found=authority.kind)
    if not 1 <= len(auditors) <= MAX_AUDITORS:
        raise EvidenceError(
            "engagement-malformed", subject="auditors", expected=f"1 to {MAX_AUDITORS}", found=str(len(auditors))
        )
    for person in auditors:
        if authority_of(person) != authority or not may(person, Right.REVIEW, release):
            raise NotAllowedError(
                "auditor-without-right",
                expected=f"people of {authority.slug} with the right to review this release",
                found=person.get_username(),
            )
