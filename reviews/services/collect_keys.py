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


def collect_keys(*, vendors: Iterable[TrustAnchor], authorities: Iterable[TrustAnchor]) -> KeyRing:
    """Return the ring of these anchors under the log's own key, sorted by slug; raise `too-many-keys`.

    Keys that any of these anchors calls compromised are left out, as a ring says whose they are and not for which product; replaced and
    retired ones end when they were.
    """
    row = installation()
    return KeyRing(
        origin=row.origin, vkey=parse_vkey(row.vkey), vendors=_holders(vendors), authorities=_holders(authorities)
    )


def _holders(anchors: Iterable[TrustAnchor]) -> tuple[KeyHolder, ...]:
    held: dict[str, list[EnrolledKey]] = {}
    rows = list(anchors)
    compromised = {_identity(row) for row in rows if row.revocation == TrustAnchor.Revocation.COMPROMISED}
    for anchor in rows:
        if _identity(anchor) in compromised:
            continue  # a checker must not be handed a key that counts for nothing; the log has its revocation
        keys = held.setdefault(anchor.organisation.slug, [])
        keys.extend(key for key in enrolled_keys([anchor]) if key not in keys)
    if sum(map(len, held.values())) > MAX_KEYS:
        raise EvidenceError("too-many-keys", expected=f"at most {MAX_KEYS} keys", found="more")
    return tuple(KeyHolder(name, tuple(sorted(keys, key=_order))) for name, keys in sorted(held.items()))


def _identity(anchor: TrustAnchor) -> tuple[int, str, str]:
    return anchor.organisation_id, anchor.format, anchor.fingerprint


def _order(key: EnrolledKey) -> tuple[str, ...]:
    return (key.fingerprint, *key.namespaces, str(key.valid_from), str(key.valid_until))
