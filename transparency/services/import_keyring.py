"""Enrol the certificates of a distribution's keyring for all products of a vendor: Debian's keyring packages with one command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from transparency.errors import EvidenceError, UnusableInputError
from transparency.models import AnchorKeyId, Organisation, TrustAnchor
from transparency.proofs.signatures.openpgp import armour, dearmour, packets, parse_areas
from transparency.proofs.signatures.openpgp_key import PRIMARY, SIGNATURE, parse_openpgp_certificate
from transparency.services.enrol_anchor import key_id_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from transparency.models import Person

MAX_KEYRING_BYTES = 256 * 1024**2
MAX_CERTIFICATES = 10_000
_USER_ATTRIBUTE = 17
_CERTIFICATIONS = range(0x10, 0x14)
_ISSUER, _FINGERPRINT = 16, 33


@dataclass(frozen=True, slots=True)
class Keyring:
    """How many keys were enrolled now, how many were before, and which were skipped: (fingerprint or place, code)."""

    enrolled: int
    known: int
    skipped: tuple[tuple[str, str], ...]


def import_keyring(*, vendor: str, keyrings: Sequence[bytes], enrolled_by: Person | None) -> Keyring:
    """Enrol every certificate, in one transaction (`keyring-malformed`, `keyring-large`). Weak ones are skipped and named."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    skipped: list[tuple[str, str]] = []
    for number, data in enumerate(keyrings, start=1):
        for position, raw in enumerate(_certificates(data), start=1):
            try:
                certificate = parse_openpgp_certificate(raw)
                if certificate.keys[0].weak:
                    skipped.append((certificate.fingerprint, "key-weak"))
                    continue
                found[certificate.fingerprint] = (
                    armour(raw),
                    tuple(sorted({key_id_of(key) for key in certificate.keys})),
                )
            except EvidenceError as error:
                skipped.append((f"keyring {number}, certificate {position}", error.code))
    with transaction.atomic():
        organisation, _ = Organisation.objects.get_or_create(
            slug=vendor, defaults={"name": vendor, "kind": Organisation.Kind.VENDOR}
        )
        fresh = _enrol(organisation, found, enrolled_by)
    return Keyring(fresh, len(found) - fresh, tuple(skipped))


def _enrol(organisation: Organisation, found: dict[str, tuple[str, tuple[str, ...]]], by: Person | None) -> int:
    wide = TrustAnchor.objects.filter(organisation=organisation, product__isnull=True, person__isnull=True)
    known = set(wide.values_list("fingerprint", flat=True))
    anchors = TrustAnchor.objects.bulk_create(
        TrustAnchor(organisation=organisation, format="openpgp", public=public, fingerprint=fingerprint, enrolled_by=by)
        for fingerprint, (public, _) in sorted(found.items())
        if fingerprint not in known
    )
    AnchorKeyId.objects.bulk_create(
        AnchorKeyId(anchor=anchor, key_id=key_id) for anchor in anchors for key_id in found[anchor.fingerprint][1]
    )
    return len(anchors)


def _certificates(data: bytes) -> Iterator[bytes]:
    """Each certificate's packets, without pictures and without what other people certified."""
    if len(data) > MAX_KEYRING_BYTES:
        raise UnusableInputError("keyring-large", expected=f"at most {MAX_KEYRING_BYTES} bytes", found=str(len(data)))
    try:
        everything = packets(data, "keyring-malformed")
    except EvidenceError as error:
        raise UnusableInputError(error.code, expected="a binary OpenPGP keyring", found=error.found) from error
    if not everything or everything[0][0] != PRIMARY:
        raise UnusableInputError("keyring-malformed", expected="a binary OpenPGP keyring", found="something else")
    current: list[bytes] = []
    count = 0
    primary = ""
    for tag, body, packet in everything:
        if tag == PRIMARY:
            if current:
                yield b"".join(current)
                current, count = [], count + 1
            primary = parse_openpgp_certificate(packet).fingerprint
        if tag != _USER_ATTRIBUTE and not _is_of_others(tag, body, primary):
            current.append(packet)
    if count >= MAX_CERTIFICATES:
        raise UnusableInputError("keyring-large", expected=f"at most {MAX_CERTIFICATES} certificates", found="more")
    yield b"".join(current)


def certificates_of(text: str) -> tuple[str, ...]:
    """Each certificate of an armoured block, in a block of its own: upstream's key files often hold several (`key-malformed`)."""
    raw = dearmour(text.encode(), "PUBLIC KEY BLOCK", "key-malformed")
    try:
        return tuple(armour(item) for item in _certificates(raw))
    except UnusableInputError as error:
        raise EvidenceError("key-malformed", expected=error.expected, found=error.found) from error


def _is_of_others(tag: int, body: bytes, primary: str) -> bool:
    """Whether a packet is a certification by another key than the certificate's own."""
    if tag != SIGNATURE or len(body) < 2 or body[1] not in _CERTIFICATIONS:  # noqa: PLR2004 - version and type
        return False
    issuers = set()
    for area in parse_areas(body):
        issuers |= {area[_FINGERPRINT][1:]} if _FINGERPRINT in area else set()
        issuers |= {area[_ISSUER]} if _ISSUER in area else set()
    return not any(primary.endswith(issuer.hex().upper()) for issuer in issuers)
