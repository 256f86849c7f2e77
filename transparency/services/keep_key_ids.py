"""Write down by what an OpenPGP certificate is found: the ids of its keys, which signatures name, and whose it says that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.models import AnchorKeyId, TrustAnchor
from transparency.proofs.signatures.certificates import user_ids_of
from transparency.proofs.signatures.openpgp import dearmour
from transparency.proofs.signatures.openpgp_key import parse_openpgp_certificate

if TYPE_CHECKING:
    from transparency.proofs.signatures.openpgp_key import OpenPgpKey

_V6_CHARACTERS = 64
_ID_CHARACTERS = 16


def keep_key_ids(anchor: TrustAnchor) -> None:
    """Of a new anchor, or of one whose certificate has keys or user ids that it had not; other formats have neither."""
    if anchor.format != TrustAnchor.Format.OPENPGP:
        return
    raw = certificate_of(anchor)
    AnchorKeyId.objects.filter(anchor=anchor).delete()
    AnchorKeyId.objects.bulk_create(AnchorKeyId(anchor=anchor, key_id=each) for each in key_ids_of(raw))
    anchor.user_ids = user_id_lines(raw)
    anchor.save(update_fields=["user_ids"])


def certificate_of(anchor: TrustAnchor) -> bytes:
    """The packets of an OpenPGP anchor: what its digest is taken of."""
    return dearmour(anchor.public.encode(), "PUBLIC KEY BLOCK", "key-malformed")


def key_ids_of(certificate: bytes) -> list[str]:
    """Each id once, in order."""
    return sorted({key_id_of(key) for key in parse_openpgp_certificate(certificate).keys})


def user_id_lines(certificate: bytes) -> str:
    """One a line; a line end inside one is a space."""
    return "\n".join(" ".join(each.split()) for each in user_ids_of(certificate)).replace("\x00", "\ufffd")


def key_id_of(key: OpenPgpKey) -> str:
    """Version 6 takes the first 64 bits of the fingerprint, version 4 the last."""
    long = len(key.fingerprint) == _V6_CHARACTERS
    return key.fingerprint[:_ID_CHARACTERS] if long else key.fingerprint[-_ID_CHARACTERS:]
