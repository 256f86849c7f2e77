"""The keys that this installation has enrolled, as the key ring of a dossier or of a trust file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.errors import EvidenceError
from transparency.models import TrustAnchor
from transparency.proofs.log.note import parse_vkey
from transparency.proofs.signatures.keys import MAX_KEYS, EnrolledKey, KeyHolder
from transparency.proofs.trust import KeyRing
from transparency.queries import installation
from transparency.services.enrolled_keys import enrolled_keys

if TYPE_CHECKING:
    from collections.abc import Iterable


def collect_keys(*, vendors: Iterable[Iterable[TrustAnchor]], authorities: Iterable[TrustAnchor]) -> KeyRing:
    """Return the ring of these anchors under the log's own key, sorted by slug; raise `too-many-keys`.

    `vendors`: the rows of each product (queries.product_anchors); those of one key are one key (services/enrolled_keys.py).
    Keys that any of all these rows calls compromised are left out, as a ring says whose they are and not for which product;
    replaced and retired ones end when they were.
    """
    row = installation()
    return KeyRing(
        origin=row.origin,
        vkey=parse_vkey(row.vkey),
        vendors=_holders(vendors),
        authorities=_holders([anchor] for anchor in authorities),
    )


def _holders(groups: Iterable[Iterable[TrustAnchor]]) -> tuple[KeyHolder, ...]:
    held: dict[str, list[EnrolledKey]] = {}
    of_each = [list(group) for group in groups]
    compromised = {
        _identity(row) for rows in of_each for row in rows if row.revocation == TrustAnchor.Revocation.COMPROMISED
    }
    for rows in of_each:
        # A checker must not be handed a key that counts for nothing; the log has its revocation.
        kept = [row for row in rows if _identity(row) not in compromised]
        if kept:
            keys = held.setdefault(kept[0].organisation.slug, [])
            keys.extend(key for key in enrolled_keys(kept) if key not in keys)
    if sum(map(len, held.values())) > MAX_KEYS:
        raise EvidenceError("too-many-keys", expected=f"at most {MAX_KEYS} keys", found="more")
    return tuple(KeyHolder(name, tuple(sorted(keys, key=_order))) for name, keys in sorted(held.items()))


def _identity(anchor: TrustAnchor) -> tuple[int, str, str]:
    return anchor.organisation_id, anchor.format, anchor.fingerprint


def _order(key: EnrolledKey) -> tuple[str, ...]:
    return (key.fingerprint, *key.namespaces, str(key.valid_from), str(key.valid_until))
