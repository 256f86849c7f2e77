"""Take a signed statement back: check, keep, log, in one transaction.

1. It is handed in by the reviewer it was handed out to, who still belongs to the engagement.
2. The envelope reads, and its payload is the frozen statement, byte for byte.
3. Its one signature holds under the enrolled key that the statement names, which is valid now and at the leaf's time, and not taken back.
4. Envelope, attestation and log leaf are written together. Handing in the same bytes again changes nothing; other bytes
   for a statement that was signed already are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from reviews.models import Attestation, Statement
from reviews.permissions import require_member
from transparency.errors import EvidenceError, NotAllowedError
from transparency.models import TrustAnchor
from transparency.proofs.attest.dsse import MAX_ENVELOPE_BYTES, check_envelope, parse_envelope
from transparency.proofs.digest import Digest
from transparency.proofs.log.leaf import parse_leaf
from transparency.queries import installation
from transparency.services.enrolled_keys import enrolled_keys
from transparency.services.judge_files import openpgp_checker
from transparency.services.log_record import log_record

if TYPE_CHECKING:
    from transparency.models import Person
    from transparency.proofs.attest.dsse import Envelope
    from transparency.proofs.signatures.keys import EnrolledKey

KIND = "attestation"
SHOWN_BYTES = 24  # of each side, where two payloads part


def accept_envelope(*, person: Person, statement: Statement, data: bytes) -> Attestation:
    """Return the attestation, new or as accepted before; raise NotAllowedError, `envelope-…`, `payload-mismatch`,
    `signed-by-another-key`, `key-not-in-use`, `already-attested`, `statement-abandoned`, and what a signature that does not hold raises.
    """
    require_member(person, statement.engagement)
    if statement.reviewer_id != person.pk:
        raise NotAllowedError("not-the-reviewer", expected="the person it was handed out to", found="somebody else")
    digest = Digest.of(data)
    known = _already(statement, digest)
    if known is not None:
        return known
    if len(data) > MAX_ENVELOPE_BYTES:
        raise EvidenceError("envelope-malformed", expected=f"at most {MAX_ENVELOPE_BYTES} bytes", found=str(len(data)))
    envelope = parse_envelope(data)
    _check_payload(envelope, bytes(statement.payload))
    _require_in_use(TrustAnchor.objects.get(pk=statement.anchor_id))
    key = _check_signer(person, envelope, statement)
    release = statement.engagement.release
    with transaction.atomic():
        row = Statement.objects.select_for_update().get(pk=statement.pk)
        known = _already(statement, digest)  # of two uploads at once the second sees the first
        if known is not None:
            return known
        if row.abandoned_at is not None:
            raise EvidenceError("statement-abandoned", expected="a statement that waits", found="an abandoned one")
        _require_in_use(TrustAnchor.objects.select_for_update().get(pk=statement.anchor_id))
        entry = log_record(
            kind=KIND,
            digest=digest,
            subjects=[("manifest", Digest.parse(statement.snapshot.manifest))],
            organisation=statement.engagement.authority,
            product=release.product,
        )
        if not key.covers(parse_leaf(bytes(entry.leaf)).time):  # what everybody else will check
            raise EvidenceError(
                "key-window", expected=f"{key.valid_from} to {key.valid_until}", found="the leaf's time"
            )
        return Attestation.objects.create(
            release=release, statement=statement, envelope=data, digest=digest.hex, entry=entry
        )


def _already(statement: Statement, digest: Digest) -> Attestation | None:
    known = Attestation.objects.filter(statement=statement).first()
    if known is not None and known.digest != digest.hex:
        raise EvidenceError("already-attested", expected=known.digest, found=digest.hex)
    return known


def _require_in_use(anchor: TrustAnchor) -> None:
    """Asked before the signature, and again where nobody can take the key back any more: windows count whole seconds."""
    if anchor.revoked_at and anchor.revoked_at <= timezone.now():
        raise EvidenceError("key-not-in-use", expected="a key in use", found=anchor.get_revocation_display())


def _check_payload(envelope: Envelope, frozen: bytes) -> None:
    found = envelope.payload
    if found == frozen:
        return
    place = next(
        (at for at, (ours, theirs) in enumerate(zip(frozen, found, strict=False)) if ours != theirs),
        min(len(frozen), len(found)),
    )
    raise EvidenceError(
        "payload-mismatch",
        subject=f"byte {place}",
        expected=_excerpt(frozen, place),
        found=_excerpt(found, place),
    )


def _excerpt(payload: bytes, place: int) -> str:
    return (
        repr(payload[place : place + SHOWN_BYTES])[1:] if place < len(payload) else f"the end, at byte {len(payload)}"
    )


def _check_signer(person: Person, envelope: Envelope, statement: Statement) -> EnrolledKey:
    if len(envelope.signatures) != 1:
        raise EvidenceError("envelope-signatures", expected="one signature", found=str(len(envelope.signatures)))
    verified = check_envelope(
        envelope,
        enrolled_keys(person.anchors.filter(organisation=statement.engagement.authority)),
        origin=installation().origin,
        now=timezone.now(),
        openpgp=openpgp_checker(),
    )
    if verified.key.fingerprint != statement.anchor.fingerprint:
        raise EvidenceError(
            "signed-by-another-key", expected=statement.anchor.fingerprint, found=verified.key.fingerprint
        )
    return verified.key
