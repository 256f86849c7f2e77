"""Anchors as the values that proofs check against: one entry for each key, however often it is enrolled.

A key may be enrolled for a product and, through a keyring, for all products of its vendor. Whoever revoked one of the two
has revoked the key; so the rows are joined before anything is judged by them:

- *Compromised* in any row: `revoked`, whatever the others say and the time.
- *Time*: from the latest beginning to the earliest end of all rows. Superseded and retired are ends, of the same rank as the last day of
  a window: a row never widens what another narrowed. Rows that share no moment leave a key that counts at none.
- *Namespaces*: those of the product's own row, the narrower statement; of the earliest enrolled where none is a product's own. They
  are what a person chose for this product, so another row neither adds to them nor takes from them.
- *Certificate* (OpenPGP): everything that any copy holds, the earliest enrolled first. A newer copy may bring a renewal or a subkey, an
  older one a revocation that was left out later. Other formats have one spelling.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from transparency.models import TrustAnchor
from transparency.proofs.signatures.certificates import merge_certificates
from transparency.proofs.signatures.keys import EnrolledKey, parse_key
from transparency.services.keep_key_ids import certificate_of
from transparency.services.update_certificate import bounded_armour

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime


def enrolled_keys(anchors: Iterable[TrustAnchor]) -> tuple[EnrolledKey, ...]:
    """One entry for each key of the anchors, in the order in which each was first enrolled."""
    rows: dict[tuple[str, str], list[TrustAnchor]] = {}
    for anchor in sorted(anchors, key=lambda each: (each.enrolled_at, each.pk)):
        rows.setdefault((anchor.format, anchor.fingerprint), []).append(anchor)
    return tuple(_joined(same) for same in rows.values())


def _joined(rows: Sequence[TrustAnchor]) -> EnrolledKey:
    first = rows[0]
    said = next((row for row in rows if row.product_id is not None), first)
    return parse_key(
        first.format,
        _public(rows),
        namespaces=tuple(said.namespaces),
        valid_from=max((row.valid_from for row in rows if row.valid_from), default=None),
        valid_until=min((end for row in rows if (end := _until(row))), default=None),
        revoked=any(row.revocation == TrustAnchor.Revocation.COMPROMISED for row in rows),
    )


def _public(rows: Sequence[TrustAnchor]) -> str:
    if len({row.public.strip() for row in rows}) == 1 or rows[0].format != TrustAnchor.Format.OPENPGP:
        return rows[0].public
    return bounded_armour(reduce(merge_certificates, map(certificate_of, rows)))


def _until(anchor: TrustAnchor) -> datetime | None:
    ends = [moment for moment in (anchor.valid_until, anchor.revoked_at) if moment]
    return min(ends) if ends else None
