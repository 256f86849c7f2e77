"""Fill a source-review predicate (docs/formats.md section 8) from plain values, and say it in one honest sentence.

The sentence has two halves that are never mixed: what machines found, and what a person states. The third part, which says
what none of it shows, is fixed in transparency/proofs/attest/predicates.py.

>>> builds = (BuildsFacts("valid", equal=2, different=0, missing=1, not_listed=0),)
>>> print(machines_found("valid", "valid", builds))
Machines found that the source was delivered with a valid signature by a key enrolled for the vendor; that of the build \
files in 1 import, under a checksum list with a valid signature, 2 are listed and equal, 0 differ, 1 is listed and missing, \
0 are not listed; no rebuild was attempted.
>>> print(people_state("Northern Agency", Share(in_scope=1200, read=800, read_twice=100, opaque_bytes=9), unread_by_all=300))
1 person of Northern Agency states that they read 800 of 1,200 lines of text in scope; 300 lines nobody of this authority \
read; 100 lines 2 or more people of this authority read; 9 bytes in scope are not text and were not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviews.rules.coverage import Share
from reviews.rules.words import check_words
from transparency.proofs.attest.predicates import Coverage, Reviewer, SourceReview
from transparency.proofs.attest.predicates import Scope as StatedScope
from transparency.proofs.canonical import canonical_json
from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from reviews.rules.coverage import Mark
    from reviews.rules.scope import Scope
    from transparency.proofs.digest import Digest

MAX_PROSE_CHARS = 20_000
MAX_ITEM_CHARS = 500
MAX_ITEMS = 20
_SIGNED = {
    "valid": "a valid signature",
    "unsigned": "no signature",
    "unknown-key": "no signature by an enrolled key",
    "expired": "a signature by a key that has expired",
    "revoked": "a signature by a revoked key",
    "weak": "a signature that is too weak to count",
    "invalid": "a signature that does not hold",
    "unavailable": "a signature that could not be checked",
}


@dataclass(frozen=True, slots=True)
class BuildsFacts:
    """One import of builds: the verdict on its checksum list (None: there was no list) and how the files compare."""

    outcome: str | None
    equal: int
    different: int
    missing: int
    not_listed: int


@dataclass(frozen=True, slots=True)
class Words:
    """What the auditor types. Everything ends up in public, signed, for good."""

    role: str
    independence: str
    method: tuple[str, ...]
    thoroughness: str
    understanding: str
    limitations: tuple[str, ...]

    def checked(self) -> Words:
        """Return them as they are kept; raise `text-missing`, `text-too-long`, `text-unstorable`, `too-many-items`."""
        return Words(
            role=check_words(self.role, limit=MAX_ITEM_CHARS, where="role"),
            independence=check_words(self.independence, limit=MAX_ITEM_CHARS, where="independence"),
            method=_items(self.method, "method"),
            thoroughness=check_words(self.thoroughness, limit=MAX_PROSE_CHARS, where="thoroughness", optional=True),
            understanding=check_words(self.understanding, limit=MAX_PROSE_CHARS, where="understanding", optional=True),
            limitations=_items(self.limitations, "limitations"),
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What the portal knows: the rest of the predicate."""

    review_id: str
    engagement: Digest
    origin: str
    reviewer: str
    authority: str
    authority_name: str
    keyid: str
    depth: str
    scope: Scope
    own: Share  # what the reviewer read
    everybody: Share  # what the reviewer's authority read, the reviewer among them
    marks_root: Digest
    delivery_outcome: str
    delivery_code: str
    builds: tuple[BuildsFacts, ...]
    started_at: datetime
    finished_at: datetime
    valid_until: datetime | None
    open_findings: int


def fill_review(facts: Facts, words: Words, conclusion: str) -> SourceReview:
    """Return the predicate."""
    said = words.checked()
    return SourceReview(
        review_id=facts.review_id,
        engagement=facts.engagement,
        origin=facts.origin,
        reviewer=Reviewer(facts.reviewer, facts.authority, said.role, facts.keyid, said.independence),
        method=said.method,
        depth=facts.depth,
        scope=StatedScope(
            include=facts.scope.include, exclude=tuple((each.glob, each.reason) for each in facts.scope.exclude)
        ),
        coverage=Coverage(
            in_scope=facts.own.in_scope,
            read=facts.own.read,
            read_twice=facts.everybody.read_twice,
            opaque_bytes=facts.own.opaque_bytes,
            marks_root=facts.marks_root,
        ),
        thoroughness=said.thoroughness,
        understanding=said.understanding,
        conclusion=conclusion,
        open_findings=facts.open_findings,
        started_at=facts.started_at,
        finished_at=facts.finished_at,
        limitations=said.limitations,
        machines_found=machines_found(facts.delivery_outcome, facts.delivery_code, facts.builds),
        people_state=people_state(
            facts.authority_name,
            Share(
                in_scope=facts.own.in_scope,
                read=facts.own.read,
                read_twice=facts.everybody.read_twice,
                opaque_bytes=facts.own.opaque_bytes,
            ),
            unread_by_all=facts.everybody.unread,
        ),
        valid_until=facts.valid_until,
    )


def machines_found(outcome: str, code: str, builds: Sequence[BuildsFacts]) -> str:
    """Return the machines' half: the verdict on the subject's delivery, how the builds are listed, and no rebuild."""
    reason = "" if outcome == code else f" ({code})"
    by = " by a key enrolled for the vendor" if outcome == "valid" else ""
    clauses = [f"that the source was delivered with {_signed(outcome)}{by}{reason}"]
    outcomes = sorted({each.outcome for each in builds}, key=str)
    clauses += [_builds_clause(found, [each for each in builds if each.outcome == found]) for found in outcomes]
    clauses.append("no rebuild was attempted" if builds else "no builds were given, so no rebuild was attempted")
    return f"Machines found {'; '.join(clauses)}."


def people_state(authority: str, share: Share, *, unread_by_all: int) -> str:
    """Return the people's half: what one person signs for, and what nobody of the authority read."""
    opaque = f"; {share.opaque_bytes:,} bytes in scope are not text and were not counted" if share.opaque_bytes else ""
    return (
        f"1 person of {authority} states that they read {share.read:,} of {_lines(share.in_scope)} of text in scope; "
        f"{_lines(unread_by_all)} nobody of this authority read; "
        f"{_lines(share.read_twice)} 2 or more people of this authority read{opaque}."
    )


def mark_lines(marks: Iterable[Mark]) -> tuple[bytes, ...]:
    """Return the leaves of `marksRoot`: canonical JSON with LF, each once, sorted as bytes."""
    return tuple(
        sorted(
            {
                canonical_json(
                    {"blob": mark.blob, "end": mark.region.end, "level": mark.level, "start": mark.region.start}
                )
                + b"\n"
                for mark in marks
            }
        )
    )


def _builds_clause(outcome: str | None, builds: Sequence[BuildsFacts]) -> str:
    equal, different, missing, unlisted = (
        sum(getattr(each, name) for each in builds) for name in ("equal", "different", "missing", "not_listed")
    )
    imports = f"{len(builds)} import{'s' if len(builds) != 1 else ''}"
    if outcome is None:
        return f"that the {unlisted:,} build files in {imports} came without a checksum list"
    lists = "a checksum list" if len(builds) == 1 else "checksum lists"
    return (
        f"that of the build files in {imports}, under {lists} with {_signed(outcome)}, {_are(equal)} listed and equal, "
        f"{different:,} differ{'s' if different == 1 else ''}, {_are(missing)} listed and missing, {_are(unlisted)} not listed"
    )


def _signed(outcome: str) -> str:
    if outcome not in _SIGNED:
        raise EvidenceError("verdict-unknown", expected=", ".join(_SIGNED), found=outcome[:40])
    return _SIGNED[outcome]


def _are(count: int) -> str:
    return f"{count:,} {'is' if count == 1 else 'are'}"


def _lines(count: int) -> str:
    return f"{count:,} line{'' if count == 1 else 's'}"


def _items(items: tuple[str, ...], where: str) -> tuple[str, ...]:
    if len(items) > MAX_ITEMS:
        raise EvidenceError("too-many-items", expected=f"at most {MAX_ITEMS}", found=str(len(items)), subject=where)
    return tuple(check_words(item, limit=MAX_ITEM_CHARS, where=where) for item in items)
