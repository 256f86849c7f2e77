"""Hand out a statement to sign. What is handed out is kept, byte for byte: what comes back must equal it.

1. The reviewer is one of the engagement's auditors, with a key of their own that is valid now.
2. Coverage is counted from the marks as they are at this moment; those of the reviewer in scope are kept with a fresh
   secret, so that each of them can be shown later under `marksRoot`, and none before.
3. Predicate and sentences are filled in and written as canonical JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from django.db import transaction
from django.utils import timezone

from reviews.models import Statement
from reviews.permissions import require_member, require_running
from reviews.rules.predicate import Words, fill_review
from reviews.services.gather_facts import gather_facts
from transparency.errors import EvidenceError, NotAllowedError
from transparency.proofs.attest.predicates import SOURCE_REVIEW_TYPE, Conclusion, format_source_review
from transparency.proofs.attest.statement import MAX_STATEMENT_BYTES, format_statement, manifest_subject
from transparency.proofs.attest.statement import Statement as InTotoStatement
from transparency.proofs.digest import Digest
from transparency.services.enrolled_keys import enrolled_keys

if TYPE_CHECKING:
    from datetime import datetime

    from reviews.models import Engagement
    from reviews.services.gather_facts import Gathered
    from transparency.models import Person, TrustAnchor

DEFAULT_WORDS = Words(
    role="auditor",
    independence="Employed by the authority; no tie to the vendor was declared.",
    method=("source reading",),
    thoroughness="",
    understanding="",
    limitations=(),
)


def freeze_statement(
    *,
    person: Person,
    engagement: Engagement,
    anchor: TrustAnchor,
    conclusion: str,
    words: Words = DEFAULT_WORDS,
    open_findings: int = 0,
    valid_until: datetime | None = None,
) -> Statement:
    """Return the new statement; raise NotAllowedError, `key-not-yours`, `key-window`, `conclusion-unknown`, `text-…`,
    `statement-malformed`, `statement-too-large`, `release-without-subject`.
    """
    require_member(person, engagement)
    require_running(engagement)
    now = timezone.now()
    _check_anchor(person, engagement, anchor, now)
    if conclusion not in get_args(Conclusion):
        raise EvidenceError("conclusion-unknown", expected=", ".join(get_args(Conclusion)), found=conclusion[:40])
    if open_findings < 0 or (valid_until is not None and valid_until <= now):
        raise EvidenceError("statement-malformed", expected="findings of 0 or more, an end after now", found="others")
    gathered = gather_facts(
        person=person,
        engagement=engagement,
        anchor=anchor,
        now=now,
        valid_until=valid_until,
        open_findings=open_findings,
    )
    payload = _payload(gathered, words, conclusion)
    with transaction.atomic():
        return Statement.objects.create(
            engagement=engagement,
            reviewer=person,
            anchor=anchor,
            snapshot=gathered.snapshot,
            payload=payload,
            digest=Digest.of(payload).hex,
            conclusion=conclusion,
            marks_secret=gathered.marks_secret,
            marks=gathered.marks,
        )


def _check_anchor(person: Person, engagement: Engagement, anchor: TrustAnchor, now: datetime) -> None:
    if anchor.person_id != person.pk or anchor.organisation_id != engagement.authority_id:
        raise NotAllowedError("key-not-yours", expected="a key enrolled for the reviewer", found=anchor.fingerprint)
    if anchor.revoked_at and anchor.revoked_at <= now:  # windows count whole seconds
        raise EvidenceError("key-not-in-use", expected="a key in use", found=anchor.get_revocation_display())
    (key,) = enrolled_keys([anchor])
    if not key.covers(now):
        raise EvidenceError("key-window", expected=f"{key.valid_from} to {key.valid_until}", found=str(now))


def _payload(gathered: Gathered, words: Words, conclusion: str) -> bytes:
    snapshot = gathered.snapshot
    payload = format_statement(
        InTotoStatement(
            subjects=(manifest_subject(Digest.parse(snapshot.manifest), snapshot.git_tree),),
            predicate_type=SOURCE_REVIEW_TYPE,
            predicate=format_source_review(fill_review(gathered.facts, words, conclusion)),
        )
    )
    if len(payload) > MAX_STATEMENT_BYTES:
        raise EvidenceError(
            "statement-too-large", expected=f"at most {MAX_STATEMENT_BYTES} bytes", found=f"{len(payload)} bytes"
        )
    return payload
