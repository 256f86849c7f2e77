"""What an imported keyring did to the keys of a vendor: the file, the counts, each key that it changed (docs/formats.md section 4).

>>> from transparency.proofs.canonical import Fields
>>> facts = KeyringFacts("ring.gpg", 9, Digest(bytes(32)), known=1, skipped=0, changes=(KeyChange("A1", None, Digest(bytes(32))),))
>>> read_keyring_facts(Fields(format_keyring_facts(facts), "keyring")) == facts
True
>>> (facts.enrolled, facts.updated)
(1, 0)
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.records.parts import optional_digest

if TYPE_CHECKING:
    from transparency.proofs.canonical import JSON, Fields

MAX_NAME_CHARACTERS = 255


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A key by fingerprint, with the SHA-256 of its certificate as it was held before (None: it is new) and as it is held now."""

    key: str
    before: Digest | None
    after: Digest


@dataclass(frozen=True, slots=True)
class KeyringFacts:
    """One keyring file; `known` certificates said nothing new, `skipped` ones could not be read."""

    name: str
    size: int
    sha256: Digest
    known: int
    skipped: int
    changes: tuple[KeyChange, ...]

    @property
    def enrolled(self) -> int:
        return sum(change.before is None for change in self.changes)

    @property
    def updated(self) -> int:
        return len(self.changes) - self.enrolled


def format_keyring_facts(facts: KeyringFacts) -> dict[str, JSON]:
    """Return the field `keyring`."""
    return {
        "name": facts.name,
        "size": facts.size,
        "sha256": facts.sha256.hex,
        "enrolled": facts.enrolled,
        "updated": facts.updated,
        "known": facts.known,
        "skipped": facts.skipped,
        "changes": [
            {"key": change.key, "before": change.before.hex if change.before else None, "after": change.after.hex}
            for change in facts.changes
        ],
    }


def read_keyring_facts(fields: Fields) -> KeyringFacts:
    """Read the field `keyring` (`keyring-facts` for counts or an order that do not fit the changes)."""
    changes = tuple(
        KeyChange(item.text("key"), optional_digest(item, "before"), Digest.parse(item.text("after")))
        for item in fields.objects("changes")
    )
    facts = KeyringFacts(
        name=fields.text("name"),
        size=fields.integer("size"),
        sha256=Digest.parse(fields.text("sha256")),
        known=fields.integer("known"),
        skipped=fields.integer("skipped"),
        changes=changes,
    )
    sorted_once = all(first.key.encode() < second.key.encode() for first, second in pairwise(changes))
    counts = (fields.integer("enrolled"), fields.integer("updated"))
    if (
        counts != (facts.enrolled, facts.updated)
        or not sorted_once
        or any(change.before == change.after for change in changes)
        or len(facts.name) > MAX_NAME_CHARACTERS
    ):
        expected = f"{facts.enrolled} enrolled, {facts.updated} updated, each key once and in byte order"
        raise EvidenceError("keyring-facts", expected=expected, found=f"{counts[0]} and {counts[1]}, or another order")
    return facts
