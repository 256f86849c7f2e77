"""Enrol the certificates of a distribution's keyring for all products of a vendor: Debian's keyring packages with one command.

1. Each file is cut into certificates, and each of them read by itself: one that cannot be read is named and keeps no other out.
2. A certificate that is new is enrolled. One that says more than what is held is joined with it (update_certificate.py).
3. For each file that changed something, one event with its leaf: the file's digest, the counts, and each key that it changed.

A weak key is enrolled as what it is: a delivery that it signed is `weak`, not `unknown-key`, and can be admitted as that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from transparency.errors import EvidenceError, UnusableInputError
from transparency.models import AnchorKeyId, Event, Organisation, TrustAnchor
from transparency.proofs.digest import Digest
from transparency.proofs.keyringfacts import KeyChange, KeyringFacts
from transparency.proofs.records import check_slug
from transparency.proofs.signatures.certificates import merge_certificates, own_part, split_certificates
from transparency.proofs.signatures.openpgp import armour, dearmour
from transparency.proofs.signatures.openpgp_key import parse_openpgp_certificate
from transparency.services.keep_key_ids import certificate_of, key_ids_of, user_id_lines
from transparency.services.record_event import record_event
from transparency.services.update_certificate import bounded_armour, join_certificates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.models import Person

MAX_KEYRING_BYTES = 256 * 1024**2
MAX_CERTIFICATES = 10_000
# A certificate is some 30 KB: what goes to the database at once stays small.
BATCH = 100


@dataclass(frozen=True, slots=True)
class Keyring:
    """How many keys were enrolled and brought up to date now, how many said nothing new, which were skipped: (place, code); the weak."""

    enrolled: int
    updated: int
    known: int
    skipped: tuple[tuple[str, str], ...]
    weak: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _File:
    """One keyring, read: its certificates by fingerprint."""

    name: str
    size: int
    sha256: Digest
    certificates: dict[str, bytes]
    skipped: tuple[tuple[str, str], ...]
    weak: tuple[str, ...]


@dataclass(slots=True)
class _Plan:
    """What one file does to the rows."""

    fresh: list[TrustAnchor]
    changed: list[TrustAnchor]
    changes: list[KeyChange]
    skipped: list[tuple[str, str]]

    @property
    def rows(self) -> list[TrustAnchor]:
        return [*self.fresh, *self.changed]


def import_keyring(
    *, vendor: str, keyrings: Sequence[bytes], names: Sequence[str] = (), enrolled_by: Person | None
) -> Keyring:
    """Enrol and update from every file, in one transaction (`keyring-malformed`, `keyring-large`, `vendor-unknown`)."""
    try:
        check_slug(vendor, "vendor")
    except EvidenceError as error:
        raise UnusableInputError(error.code, expected=error.expected, found=error.found) from error
    called = names or [f"keyring {number}" for number in range(1, len(keyrings) + 1)]
    files = [_read(name, data) for name, data in zip(called, keyrings, strict=True)]
    with transaction.atomic():
        organisation, _ = Organisation.objects.select_for_update().get_or_create(
            slug=vendor, defaults={"name": vendor, "kind": Organisation.Kind.VENDOR}
        )
        if organisation.kind != Organisation.Kind.VENDOR:
            raise UnusableInputError("vendor-unknown", expected="a vendor", found=organisation.get_kind_display())
        plans = [_enrol(organisation, file, enrolled_by) for file in files]
    changed = sum(len(plan.changes) for plan in plans)
    enrolled = sum(len(plan.fresh) for plan in plans)
    skipped = tuple(item for file, plan in zip(files, plans, strict=True) for item in (*file.skipped, *plan.skipped))
    found = sum(len(file.certificates) for file in files)
    return Keyring(
        enrolled=enrolled,
        updated=changed - enrolled,
        known=found - changed - sum(len(plan.skipped) for plan in plans),
        skipped=skipped,
        weak=tuple(dict.fromkeys(key for file in files for key in file.weak)),
    )


def certificates_of(text: str) -> tuple[str, ...]:
    """Each certificate of an armoured block, in a block of its own: upstream's key files often hold several (`key-malformed`)."""
    raw = dearmour(text.encode(), "PUBLIC KEY BLOCK", "key-malformed")
    try:
        return tuple(armour(own_part(item)) for item in split_certificates(raw, limit=MAX_CERTIFICATES))
    except EvidenceError as error:
        raise EvidenceError("key-malformed", expected=error.expected, found=error.found) from error


def _read(name: str, data: bytes) -> _File:
    """Step 1."""
    if len(data) > MAX_KEYRING_BYTES:
        raise UnusableInputError("keyring-large", expected=f"at most {MAX_KEYRING_BYTES} bytes", found=str(len(data)))
    try:
        pieces = split_certificates(data, limit=MAX_CERTIFICATES)
    except EvidenceError as error:
        raise UnusableInputError(error.code, expected="a binary OpenPGP keyring", found=error.found) from error
    found: dict[str, bytes] = {}
    skipped: list[tuple[str, str]] = []
    weak: list[str] = []
    for position, piece in enumerate(pieces, start=1):
        try:
            raw = own_part(piece)
            bounded_armour(raw)
            certificate = parse_openpgp_certificate(raw)
        except EvidenceError as error:
            skipped.append((f"{name}, certificate {position}", error.code))
            continue
        fault = certificate.keys[0].fault
        if fault is not None and not fault.outdated:
            skipped.append((certificate.fingerprint, fault.code))
            continue
        held = found.get(certificate.fingerprint)
        found[certificate.fingerprint] = merge_certificates(held, raw) if held else raw
        if fault is not None:
            weak.append(certificate.fingerprint)
    return _File(name, len(data), Digest.of(data), found, tuple(skipped), tuple(weak))


def _enrol(organisation: Organisation, file: _File, by: Person | None) -> _Plan:
    """Steps 2 and 3, in few statements however many certificates there are."""
    plan = _plan(organisation, file)
    if not plan.changes:
        return plan
    event = record_event(
        kind=Event.Kind.KEYRING_IMPORTED,
        vendor=organisation,
        keyring=KeyringFacts(
            name=file.name,
            size=file.size,
            sha256=file.sha256,
            known=len(file.certificates) - len(plan.changes) - len(plan.skipped),
            skipped=len(file.skipped) + len(plan.skipped),
            changes=tuple(plan.changes),
        ),
        by=by,
    )
    for row in plan.fresh:
        row.enrolled_by, row.enrolled_with = by, event
    for row in plan.changed:
        row.updated_with = event
    TrustAnchor.objects.bulk_create(plan.fresh, batch_size=BATCH)
    TrustAnchor.objects.bulk_update(plan.changed, ["public", "user_ids", "updated_with"], batch_size=BATCH)
    AnchorKeyId.objects.filter(anchor__in=[row.pk for row in plan.changed]).delete()
    AnchorKeyId.objects.bulk_create(
        AnchorKeyId(anchor=row, key_id=key_id) for row in plan.rows for key_id in key_ids_of(certificate_of(row))
    )
    return plan


def _plan(organisation: Organisation, file: _File) -> _Plan:
    """A certificate that would become too large with what is held is skipped; what is held stays."""
    wide = TrustAnchor.objects.filter(organisation=organisation, product__isnull=True, person__isnull=True)
    rows = {row.fingerprint: row for row in wide.filter(format=TrustAnchor.Format.OPENPGP)}
    plan = _Plan([], [], [], [])
    for fingerprint, raw in sorted(file.certificates.items()):
        row = rows.get(fingerprint)
        held = certificate_of(row) if row else None
        try:
            joined = raw if held is None else join_certificates(held, raw)
            text = bounded_armour(joined)
        except EvidenceError as error:
            plan.skipped.append((f"{file.name}, {fingerprint}", error.code))
            continue
        if joined == held:
            continue
        if row is None:
            row = TrustAnchor(organisation=organisation, format=TrustAnchor.Format.OPENPGP, fingerprint=fingerprint)
            plan.fresh.append(row)
        else:
            plan.changed.append(row)
        row.public, row.user_ids = text, user_id_lines(joined)
        plan.changes.append(KeyChange(fingerprint, Digest.of(held) if held is not None else None, Digest.of(joined)))
    return plan
