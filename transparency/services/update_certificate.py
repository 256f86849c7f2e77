"""Bring an enrolled OpenPGP certificate up to date: its owner has extended it, added keys to it, or revoked it since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.errors import EvidenceError
from transparency.models import Event, TrustAnchor
from transparency.proofs.digest import Digest
from transparency.proofs.signatures.certificates import merge_certificates, own_part
from transparency.proofs.signatures.keys import key_from_text
from transparency.proofs.signatures.openpgp import armour, dearmour
from transparency.proofs.signatures.openpgp_key import MAX_CERTIFICATE_BYTES
from transparency.services.keep_key_ids import certificate_of, keep_key_ids
from transparency.services.record_event import record_event

if TYPE_CHECKING:
    from transparency.models import Person


def update_certificate(*, anchor: TrustAnchor, public_text: str, by: Person | None) -> bool:
    """Whether the text said more of the same certificate than is held; call it inside a transaction. Of a product's key it is an event.

    Nothing that is held is dropped (certificates.py), and what we stated of the key stays: windows, and above all our own revocation.
    In other formats a key has no versions. Raises `key-malformed`, also for what would become too large.
    """
    if anchor.format != TrustAnchor.Format.OPENPGP:
        return False
    row = TrustAnchor.objects.select_for_update().get(pk=anchor.pk)
    given = dearmour(key_from_text(public_text).public.encode(), "PUBLIC KEY BLOCK", "key-malformed")
    held, joined = certificate_of(row), join_certificates(certificate_of(row), given)
    if joined == held:
        return False
    row.public = bounded_armour(joined)
    if row.product is not None:
        row.updated_with = record_event(
            kind=Event.Kind.KEY_UPDATED,
            product=row.product,
            anchor=row,
            before=Digest.of(held).hex,
            after=Digest.of(joined).hex,
            by=by,
        )
    row.save(update_fields=["public", "updated_with"])
    keep_key_ids(row)
    anchor.refresh_from_db()
    return True


def join_certificates(held: bytes, given: bytes) -> bytes:
    """What is held, and what is new of the certificate's own in the other version (what `own_part` raises)."""
    return merge_certificates(held, own_part(given))


def bounded_armour(certificate: bytes) -> str:
    """The text that is kept (`key-malformed`): one that is too large to be read again would keep every delivery from being judged."""
    text = armour(certificate)
    if len(text) > MAX_CERTIFICATE_BYTES:
        raise EvidenceError("key-malformed", expected=f"at most {MAX_CERTIFICATE_BYTES} bytes", found=str(len(text)))
    return text
