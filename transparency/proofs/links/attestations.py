"""The link `attestations/<nn>`: who signed which statement about the subject, and that it was logged (docs/formats.md 7, 8, 12).

Steps: (1) envelope, statement and predicate read, and are about the subject and this log; (2) the leaf commits to the
envelope for the reviewer's authority and is in the log; (3) a key of that authority signed it at the leaf's time;
(4) its validity has not ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.proofs.attest.dsse import Envelope, check_envelope, parse_envelope
from transparency.proofs.attest.predicates import NOT_SHOWN, SOURCE_REVIEW_TYPE, SourceReview, parse_source_review
from transparency.proofs.attest.statement import check_subject, parse_statement
from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError, UnavailableError
from transparency.proofs.links.deliveries import logged_as
from transparency.proofs.links.logged import check_logged
from transparency.proofs.links.report import LinkReport, LinkStatus, StatedReview

if TYPE_CHECKING:
    from datetime import datetime

    from transparency.proofs.dossier import LoggedRecord
    from transparency.proofs.links.basis import Basis

LEAF_KIND = "attestation"


def check_attestation(
    link: str, logged: LoggedRecord, basis: Basis, *, now: datetime
) -> tuple[LinkReport, StatedReview]:
    """Return how the link ended, and what is stated.

    Raises `subject-mismatch`, `predicate-type`, `origin-mismatch`, `attestation-unsigned`, and what reading and the log
    raise. A key that the checker does not have, a tool that is absent and a validity that ended are `not checked`.
    """
    # Step 1
    envelope = parse_envelope(logged.record)
    review = _read_review(envelope, basis)
    # Step 2
    subjects = (("manifest", basis.index.subject),)
    leaf, index = check_logged(logged, basis, kind=LEAF_KIND, subjects=subjects, org=review.reviewer.org)
    # Steps 3 and 4
    status, detail = _check_signer(envelope, review, basis, leaf.time)
    if status == "ok" and review.valid_until is not None and review.valid_until < now:
        status, detail = "not checked", f"its validity ended on {review.valid_until:%Y-%m-%d}; {detail}"
    detail = f"{detail}; {logged_as(leaf, index)}"
    coverage = review.coverage
    stated = StatedReview(
        link=link,
        status=status,
        payload=Digest.of(envelope.payload),
        authority=review.reviewer.org,
        keyid=review.reviewer.keyid,
        conclusion=review.conclusion,
        depth=review.depth,
        in_scope=coverage.in_scope,
        read=coverage.read,
        read_twice=coverage.read_twice,
        machines_found=review.machines_found,
        people_state=review.people_state,
        not_shown=NOT_SHOWN,
        limitations=review.limitations,
        logged_at=leaf.time,
    )
    return LinkReport(link, status, detail), stated


def _read_review(envelope: Envelope, basis: Basis) -> SourceReview:
    statement = parse_statement(envelope.payload)
    check_subject(statement, basis.index.subject)
    if statement.predicate_type != SOURCE_REVIEW_TYPE:
        raise EvidenceError("predicate-type", expected=SOURCE_REVIEW_TYPE, found=statement.predicate_type[:120])
    review = parse_source_review(statement.predicate)
    # Not every key format signs the log's name, so a statement made for another log could be replayed in this one.
    if review.origin != basis.checkpoint.origin:
        raise EvidenceError("origin-mismatch", expected=basis.checkpoint.origin, found=review.origin[:120])
    return review


def _check_signer(envelope: Envelope, review: SourceReview, basis: Basis, time: datetime) -> tuple[LinkStatus, str]:
    authority, keyid = review.reviewer.org, review.reviewer.keyid
    keys = basis.ring.of_authority(authority)
    where = "the trust file" if basis.trusted else "keys.json"
    if not keys:
        return "not checked", f"authority not in {where}: {authority}"
    try:
        signed = check_envelope(envelope, keys, origin=basis.checkpoint.origin, now=time, openpgp=basis.openpgp)
    except UnavailableError as error:
        return "not checked", f"cannot be checked here: {error}"
    except EvidenceError as error:
        named = [key for key in keys if key.fingerprint == keyid]
        if not named:
            return "not checked", f"key not in {where}: {keyid}"
        if basis.openpgp is None and named[0].format == "openpgp":
            return "not checked", "needs an OpenPGP library"
        raise EvidenceError("attestation-unsigned", expected=f"a signature by {authority}", found=str(error)) from error
    key = f"{signed.key.format} key {signed.key.fingerprint}"
    return "ok", f"signed by {key}, a key of {authority} in {basis.key_source}"
