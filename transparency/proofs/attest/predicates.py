"""The predicate `source-review` v0.1: what one auditor states to have read (docs/formats.md section 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from transparency.proofs.canonical import JSON, Fields
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.times import format_time, parse_time

if TYPE_CHECKING:
    from datetime import datetime

SOURCE_REVIEW_TYPE = "https://transparency-centre.example/attestation/source-review/v0.1"
NOT_SHOWN = "This does not show that no back door exists."
Conclusion = Literal["no-unexplained", "concerns", "violation", "abstain"]
Depth = Literal["blue", "red", "black"]
_MALFORMED = "predicate-malformed"


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who states it: an id of the centre (no name), the authority's slug, the key that will sign."""

    identity: str
    org: str
    role: str
    keyid: str
    independence: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What was to be read: globs over manifest paths, exclusions with reasons, and what was withheld."""

    include: tuple[str, ...]
    exclude: tuple[tuple[str, str], ...]
    withheld_files: int = 0
    withheld_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Lines in scope, lines read by the reviewer, lines read by two or more of the authority, bytes of files that are not text."""

    in_scope: int
    read: int
    read_twice: int
    opaque_bytes: int
    marks_root: Digest


@dataclass(frozen=True, slots=True)
class SourceReview:
    """The whole predicate; what this version never fills is written as empty (section 8)."""

    review_id: str
    engagement: Digest
    origin: str
    reviewer: Reviewer
    method: tuple[str, ...]
    depth: str
    scope: Scope
    coverage: Coverage
    thoroughness: str
    understanding: str
    conclusion: str
    open_findings: int
    started_at: datetime
    finished_at: datetime
    limitations: tuple[str, ...]
    machines_found: str
    people_state: str
    valid_until: datetime | None = None


def format_source_review(review: SourceReview) -> JSON:
    """The predicate's JSON."""
    reviewer, scope, coverage = review.reviewer, review.scope, review.coverage
    return {
        "review": {
            "id": review.review_id,
            "engagementDigest": {"sha256": review.engagement.hex},
            "origin": review.origin,
        },
        "reviewer": {
            "id": reviewer.identity,
            "org": reviewer.org,
            "role": reviewer.role,
            "keyid": reviewer.keyid,
            "independence": reviewer.independence,
        },
        "method": list(review.method),
        "depth": review.depth,
        "criteria": [],
        "scope": {
            "include": list(scope.include),
            "exclude": [{"glob": glob, "reason": reason} for glob, reason in scope.exclude],
            "platforms": [],
            "features": [],
            "withheld": {"files": scope.withheld_files, "bytes": scope.withheld_bytes},
        },
        "coverage": {
            "unit": "line",
            "inScope": coverage.in_scope,
            "read": coverage.read,
            "readTwice": coverage.read_twice,
            "regeneratedByMachine": 0,
            "inBinaryRead": None,
            "opaqueBytes": coverage.opaque_bytes,
            "marksRoot": {"sha256": coverage.marks_root.hex},
            "perRiskClass": [],
        },
        "baseline": None,
        "thoroughness": review.thoroughness,
        "understanding": review.understanding,
        "conclusion": review.conclusion,
        "findings": {"open": review.open_findings, "sealed": [], "bySeverity": {}},
        "hypotheses": [],
        "negativeResults": [],
        "toolRuns": [],
        "rebuild": [],
        "startedAt": format_time(review.started_at),
        "finishedAt": format_time(review.finished_at),
        "validUntil": format_time(review.valid_until) if review.valid_until else None,
        "supersedes": [],
        "limitations": list(review.limitations),
        "machinesFound": review.machines_found,
        "peopleState": review.people_state,
        "notShown": NOT_SHOWN,
    }


def parse_source_review(value: JSON) -> SourceReview:
    """Read a predicate (`predicate-malformed`, `json-shape`); fields of later versions are ignored."""
    fields = Fields(value, "predicate")
    review, reviewer, coverage = fields.object("review"), fields.object("reviewer"), fields.object("coverage")
    until = fields.optional_text("validUntil")
    found = SourceReview(
        review_id=review.text("id"),
        engagement=Digest.parse(review.object("engagementDigest").text("sha256")),
        origin=review.text("origin"),
        reviewer=Reviewer(*(reviewer.text(key) for key in ("id", "org", "role", "keyid", "independence"))),
        method=fields.texts("method"),
        depth=_one_of(fields, "depth", get_args(Depth)),
        scope=_parse_scope(fields.object("scope")),
        coverage=_parse_coverage(coverage),
        thoroughness=fields.text("thoroughness"),
        understanding=fields.text("understanding"),
        conclusion=_one_of(fields, "conclusion", get_args(Conclusion)),
        open_findings=fields.object("findings").integer("open"),
        started_at=parse_time(fields.text("startedAt")),
        finished_at=parse_time(fields.text("finishedAt")),
        limitations=fields.texts("limitations"),
        machines_found=fields.text("machinesFound"),
        people_state=fields.text("peopleState"),
        valid_until=None if until is None else parse_time(until),
    )
    if fields.text("notShown") != NOT_SHOWN:
        raise EvidenceError(_MALFORMED, subject="notShown", expected=NOT_SHOWN, found=fields.text("notShown")[:100])
    return found


def _parse_scope(fields: Fields) -> Scope:
    withheld = fields.object("withheld")
    return Scope(
        include=fields.texts("include"),
        exclude=tuple((item.text("glob"), item.text("reason")) for item in fields.objects("exclude")),
        withheld_files=withheld.integer("files"),
        withheld_bytes=withheld.integer("bytes"),
    )


def _parse_coverage(fields: Fields) -> Coverage:
    if fields.text("unit") != "line":
        raise EvidenceError(_MALFORMED, subject="coverage.unit", expected="line", found=fields.text("unit")[:40])
    coverage = Coverage(
        in_scope=fields.integer("inScope"),
        read=fields.integer("read"),
        read_twice=fields.integer("readTwice"),
        opaque_bytes=fields.integer("opaqueBytes"),
        marks_root=Digest.parse(fields.object("marksRoot").text("sha256")),
    )
    if coverage.read > coverage.in_scope or coverage.read_twice > coverage.in_scope:
        raise EvidenceError(
            _MALFORMED, subject="coverage", expected=f"at most {coverage.in_scope} lines read", found="more"
        )
    return coverage


def _one_of(fields: Fields, key: str, allowed: tuple[str, ...]) -> str:
    found = fields.text(key)
    if found not in allowed:
        raise EvidenceError(_MALFORMED, subject=key, expected=" or ".join(allowed), found=found[:40])
    return found
