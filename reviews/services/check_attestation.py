"""Check an attestation again, now, in steps: what a stranger does with its envelope, the authority's key and the log.

1. The stored envelope is the one that its digest names.
2. Its payload is a statement about the source, made for this log.
3. A key enrolled for the reviewer's authority signed it, valid at the time of the log's leaf and not revoked since.
4. The leaf commits to the envelope.
5. The leaf is in the log, under the newest checkpoint.
6. What it says of itself has not ended.

A step that fails ends the check. What could not be looked at is said as that and never counts as a yes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from reviews.services.accept_envelope import KIND
from transparency.errors import EvidenceError, UnavailableError
from transparency.models import TrustAnchor
from transparency.proofs.attest.dsse import check_envelope, parse_envelope
from transparency.proofs.attest.predicates import SOURCE_REVIEW_TYPE, parse_source_review
from transparency.proofs.attest.statement import check_subject, parse_statement
from transparency.proofs.digest import Digest
from transparency.proofs.log.leaf import check_leaf_commits, parse_leaf, parse_opening
from transparency.proofs.log.merkle import check_inclusion, leaf_hash
from transparency.proofs.times import format_time
from transparency.queries import installation, log_head, prove_entry
from transparency.services.enrolled_keys import enrolled_keys
from transparency.services.judge_files import openpgp_checker

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviews.models import Attestation
    from transparency.proofs.attest.predicates import SourceReview
    from transparency.reports import Step

HOLDS, FAILS, OPEN = "holds", "fails", "could not be looked at"
_NAMES = (
    "the envelope is the one that this page is named by",
    "its payload is a statement about this source, for this log",
    "a key of the authority signed it",
    "the log's leaf commits to it",
    "the leaf is in the log",
    "it has not ended",
)


@dataclass(frozen=True, slots=True)
class CheckedAttestation:
    """The steps, and how they ended together: `holds`, `fails` (at one of them), or `could not be looked at`."""

    steps: tuple[Step, ...]
    outcome: str


def check_attestation(*, attestation: Attestation) -> CheckedAttestation:
    """Return what the check found. Nothing is raised for a step that fails, nothing is written."""
    walk = _Walk(attestation)
    checks = (walk.named, walk.about, walk.signed, walk.committed, walk.logged, walk.lasting)
    steps: list[Step] = []
    for name, check in zip(_NAMES, checks, strict=True):
        step, status = _step(name, check)
        steps.append(step)
        if status != HOLDS:
            rest = _NAMES[len(steps) :]
            steps += [{"name": each, "status": "not reached", "expected": "", "found": ""} for each in rest]
            return CheckedAttestation(tuple(steps), status)
    return CheckedAttestation(tuple(steps), HOLDS)


def _step(name: str, check: Callable[[], str]) -> tuple[Step, str]:
    try:
        return {"name": name, "status": HOLDS, "expected": "", "found": check()}, HOLDS
    except EvidenceError as error:
        found = f"{error.found or 'something else'} ({error.code})"
        return {"name": name, "status": FAILS, "expected": error.expected, "found": found}, FAILS
    except UnavailableError as error:
        return {
            "name": name,
            "status": OPEN,
            "expected": error.expected,
            "found": f"{error.found} ({error.code})",
        }, OPEN


class _Walk:
    """The steps in their order; later ones use what earlier ones read."""

    def __init__(self, attestation: Attestation) -> None:
        self._row, self._statement = attestation, attestation.statement
        self._data, self._entry = bytes(attestation.envelope), attestation.entry
        self._review: SourceReview

    def named(self) -> str:
        found = Digest.of(self._data)
        _expect("digest-differs", self._row.digest, found.hex)
        return f"sha256 {found}, {len(self._data)} bytes"

    def about(self) -> str:
        payload = parse_envelope(self._data).payload
        statement = parse_statement(payload)
        check_subject(statement, Digest.parse(self._statement.snapshot.manifest))
        _expect("predicate-type", SOURCE_REVIEW_TYPE, statement.predicate_type)
        self._review = parse_source_review(statement.predicate)
        _expect("origin-mismatch", installation().origin, self._review.origin)
        return f"manifest {self._statement.snapshot.manifest}, payload sha256 {Digest.of(payload)}"

    def signed(self) -> str:
        authority = self._statement.engagement.authority
        _expect("org-mismatch", authority.slug, self._review.reviewer.org)
        keys = enrolled_keys(TrustAnchor.objects.filter(organisation=authority, person__isnull=False))
        named = [key for key in keys if key.fingerprint == self._review.reviewer.keyid]
        time = parse_leaf(bytes(self._entry.leaf)).time
        envelope = parse_envelope(self._data)
        signed = check_envelope(envelope, named, origin=self._review.origin, now=time, openpgp=openpgp_checker())
        if signed.key.revoked:
            raise EvidenceError("key-revoked", expected="a key that is not revoked", found=signed.key.fingerprint)
        return f"{signed.key.format} key {signed.key.fingerprint}, valid at {format_time(time)}"

    def committed(self) -> str:
        opening = None if self._entry.opening is None else parse_opening(bytes(self._entry.opening))
        leaf, digest = parse_leaf(bytes(self._entry.leaf)), Digest.of(self._data)
        subjects = (("manifest", Digest.parse(self._statement.snapshot.manifest)),)
        check_leaf_commits(leaf, opening, kind=KIND, digest=digest, subjects=subjects, org=self._review.reviewer.org)
        return "by commitments, opened here" if leaf.committed else f"digest {leaf.value}"

    def logged(self) -> str:
        head = log_head()
        proof = prove_entry(self._entry, head)
        root = Digest.parse(head.root).raw
        check_inclusion(proof.index, head.size, leaf_hash(bytes(self._entry.leaf)), proof.hashes, root)
        return f"entry {proof.index} of checkpoint {head.size}"

    def lasting(self) -> str:
        until, now = self._review.valid_until, timezone.now()
        if until is not None and until < now:
            raise EvidenceError("validity-ended", expected=f"until {format_time(until)}", found=format_time(now))
        return f"it stands until {format_time(until)}" if until else "it states no end"


def _expect(code: str, expected: str, found: str) -> None:
    if expected != found:
        raise EvidenceError(code, expected=expected, found=found[:200])
