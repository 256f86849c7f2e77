"""The link `requirements`: what the trust file asks for, against what was found (docs/formats.md 11 and 12)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from transparency.proofs.links.events import Standing
from transparency.proofs.links.report import REQUIREMENTS, LinkReport, StatedReview
from transparency.proofs.trust import WHOLE, Requirements

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

VIOLATION, WITHDRAWN = "violation", "withdrawn"
DAY_SECONDS = 24 * 60 * 60
SOURCE_SIGNATURE = "deliveries/01/signature"


@dataclass(frozen=True, slots=True)
class SourceState:
    """What events say: of the subject's delivery; and whether the file in hand is only part of deliveries that were withdrawn."""

    subject: Standing = field(default_factory=Standing)
    file_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """One requirement: its key in the trust file, whether it is met, and what was asked and found."""

    name: str
    met: bool
    text: str


def check_requirements(
    require: Requirements,
    links: Sequence[LinkReport],
    reviews: Sequence[StatedReview],
    source: SourceState,
    *,
    head: datetime,
    now: datetime,
) -> tuple[LinkReport, tuple[str, ...]]:
    """Return the link and the names of what is unmet, in the order of section 11; only `ok` attestations count."""
    counted = [review for review in reviews if review.is_counted]
    asked = [
        *_signatures(require, links, source.subject),
        *_counts(require, counted),
        *_age(require, head, now),
        *_violations(counted),
        *_withdrawals(source),
    ]
    unmet = tuple(item.name for item in asked if not item.met)
    if unmet:
        detail = "not met: " + "; ".join(f"{item.name} ({item.text})" for item in asked if not item.met)
        return LinkReport(REQUIREMENTS, "failed", detail, "requirements-unmet"), unmet
    return LinkReport(REQUIREMENTS, "ok", "; ".join(item.text for item in asked) or "nothing was required"), ()


def _signatures(require: Requirements, links: Sequence[LinkReport], subject: Standing) -> Iterable[_Asked]:
    if require.signed_source:
        ended = next((link.status for link in links if link.name == SOURCE_SIGNATURE), "not claimed")
        since = "" if subject.is_signed else f"; an event says that it is {subject.verdict} now"
        met = ended == "ok" and subject.is_signed
        yield _Asked("signedSource", met, f"the vendor's signature over the source: {ended}{since}")
    builds = [link for link in links if link.name.startswith("builds/") and link.name.endswith("/signature")]
    if require.signed_builds or (require.signed_builds is None and builds):
        held = sum(link.status == "ok" for link in builds)
        met = held == len(builds) > 0
        yield _Asked("signedBuilds", met, f"signed lists of builds: {held} of {len(builds)}")


def _counts(require: Requirements, counted: Sequence[StatedReview]) -> Iterable[_Asked]:
    # The same statement twice, in two envelopes, is one attestation.
    found = len({review.payload for review in counted})
    if require.attestations:
        yield _Asked("attestations", found >= require.attestations, f"attestations: {found} of {require.attestations}")
    authorities = len({review.authority for review in counted})
    if require.authorities:
        met = authorities >= require.authorities
        yield _Asked("authorities", met, f"distinct authorities: {authorities} of {require.authorities}")
    if require.share_read_percent:
        yield _share(require.share_read_percent, counted)
    if require.rebuilds:
        yield _Asked("rebuilds", met=False, text=f"rebuilds: 0 of {require.rebuilds}; a later version checks them")


def _share(percent: int, counted: Sequence[StatedReview]) -> _Asked:
    """Whole numbers only: a share that is a hair too small must not be rounded up."""
    met = any(review.in_scope and review.read * WHOLE >= percent * review.in_scope for review in counted)
    shares = [review.read * WHOLE // review.in_scope for review in counted if review.in_scope]
    return _Asked("shareReadPercent", met, f"largest share read: {max(shares, default=0)} of {percent} percent")


def _age(require: Requirements, head: datetime, now: datetime) -> Iterable[_Asked]:
    if require.max_age_days is not None:
        met = (now - head).total_seconds() <= require.max_age_days * DAY_SECONDS
        text = f"the checkpoint is of {head:%Y-%m-%d}, at most {require.max_age_days} days before {now:%Y-%m-%d}"
        yield _Asked("maxAgeDays", met, text)


def _violations(counted: Sequence[StatedReview]) -> Iterable[_Asked]:
    found = sorted({review.authority for review in counted if review.conclusion == "violation"})
    if found:
        yield _Asked(VIOLATION, met=False, text=f"concluded by {', '.join(found)}")


def _withdrawals(source: SourceState) -> Iterable[_Asked]:
    if source.subject.withdrawn:
        yield _Asked(WITHDRAWN, met=False, text="the delivery of this source was withdrawn")
    elif source.file_withdrawn:
        yield _Asked(WITHDRAWN, met=False, text="every delivery that the file is part of was withdrawn")
