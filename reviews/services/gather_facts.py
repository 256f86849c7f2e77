"""Gather what the portal itself knows for a statement: coverage as it is now, verdicts, listings; nothing a person typed."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviews.rules.predicate import BuildsFacts, Facts, mark_lines
from reviews.services.load_reading import load_marks, load_scope, load_tree
from transparency.errors import EvidenceError
from transparency.models import Artifact
from transparency.proofs.commitment import opening_root
from transparency.proofs.digest import Digest
from transparency.queries import admitted_deliveries, installation

if TYPE_CHECKING:
    from datetime import datetime

    from reviews.models import Engagement
    from transparency.models import Person, Release, Snapshot, TrustAnchor

SECRET_BYTES = 32
ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Gathered:
    """The facts, and what opens their `marks_root` later."""

    facts: Facts
    snapshot: Snapshot
    marks_secret: bytes
    marks: bytes


def gather_facts(
    *,
    person: Person,
    engagement: Engagement,
    anchor: TrustAnchor,
    now: datetime,
    valid_until: datetime | None,
    open_findings: int,
) -> Gathered:
    """Return the facts for this reviewer; raise `release-without-subject`."""
    release, authority = engagement.release, engagement.authority
    snapshot = release.subject
    if snapshot is None:
        raise EvidenceError("release-without-subject", expected="a release with an admitted source", found="none")
    scope = load_scope(engagement)
    tree = load_tree(snapshot, scope)
    everybody = load_marks(authority=authority, product=release.product)
    own = [mark for mark in everybody if mark.person == person.pk and tree.files_of(mark.blob)]
    lines = mark_lines(own)
    secret = secrets.token_bytes(SECRET_BYTES)
    outcome, code = _verdict_of_subject(release, snapshot)
    facts = Facts(
        review_id=secrets.token_hex(ID_BYTES),
        engagement=Digest.parse(engagement.digest),
        origin=installation().origin,
        reviewer=f"{authority.slug}-{person.pk}",  # never a name: the authority knows who it is
        authority=authority.slug,
        authority_name=authority.name,
        keyid=anchor.fingerprint,
        depth=engagement.depth,
        scope=scope,
        own=tree.reading(own).share_of(""),
        everybody=tree.reading(everybody).share_of(""),
        marks_root=opening_root(secret, lines),
        delivery_outcome=outcome,
        delivery_code=code,
        builds=builds_facts(release, snapshot),
        started_at=engagement.starts_at,
        finished_at=now,
        valid_until=valid_until,
        open_findings=open_findings,
    )
    return Gathered(facts=facts, snapshot=snapshot, marks_secret=secret, marks=b"".join(lines))


def _verdict_of_subject(release: Release, snapshot: Snapshot) -> tuple[str, str]:
    delivery = admitted_deliveries(release).filter(snapshot=snapshot).first()
    if delivery is None:
        raise EvidenceError("release-without-subject", expected="an admitted delivery of the subject", found="none")
    return delivery.verdict, delivery.verdict_code


def builds_facts(release: Release, snapshot: Snapshot) -> tuple[BuildsFacts, ...]:
    """How the builds compare that were imported for the snapshot or for none, one value an import."""
    facts = []
    for builds in release.build_lists.filter(manifest__in=("", snapshot.manifest)):
        counts = Counter(builds.artifacts.values_list("listing", flat=True))
        facts.append(
            BuildsFacts(
                outcome=builds.verdict if builds.sha256 else None,
                equal=counts[Artifact.Listing.EQUAL],
                different=counts[Artifact.Listing.DIFFERENT],
                missing=counts[Artifact.Listing.MISSING],
                not_listed=counts[Artifact.Listing.NOT_LISTED],
            )
        )
    return tuple(facts)
