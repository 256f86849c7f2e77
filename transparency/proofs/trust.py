"""Whose keys count, what must hold: the checker's trust file (docs/formats.md section 11), `keys.json` (section 10).

Both hold a key ring. The one in a dossier is what the centre states of itself, good for internal consistency only; the
one in a trust file comes from where the checker trusts it, and nothing in a dossier can add to it.

>>> ring = KeyRing("log.example/a", VerifierKey("log.example/a", bytes(range(32))), (), ())
>>> format_trust_file(TrustFile(ring, Requirements(attestations=2))).partition(b'"require":')[2][:18]
b'{"attestations":2}'
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from transparency.proofs.canonical import JSON, Fields, canonical_json, parse_canonical, parse_json
from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.note import VerifierKey, format_vkey, parse_vkey
from transparency.proofs.records import BASE, check_slug
from transparency.proofs.signatures.keys import KeyHolder, format_holders, parse_holders, refuse_unknown

if TYPE_CHECKING:
    from transparency.proofs.signatures.keys import EnrolledKey

TRUST_TYPE = f"{BASE}trust/v1"
# An OpenPGP certificate with many signatures on it is some hundred kilobytes.
MAX_KEYS_BYTES = 16 * 1024**2
WHOLE = 100
_COUNTS = ("attestations", "authorities", "shareReadPercent", "rebuilds")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The log's origin and key, and the keys of vendors and of authorities by their slugs."""

    origin: str
    vkey: VerifierKey
    vendors: tuple[KeyHolder, ...]
    authorities: tuple[KeyHolder, ...]

    def of_vendor(self, name: str) -> tuple[EnrolledKey, ...]:
        return _keys_of(self.vendors, name)

    def of_authority(self, name: str) -> tuple[EnrolledKey, ...]:
        return _keys_of(self.authorities, name)


@dataclass(frozen=True, slots=True)
class Requirements:
    """What the checker asks for; `signed_builds` None means: if the dossier has builds."""

    signed_source: bool = True
    signed_builds: bool | None = None
    attestations: int = 0
    authorities: int = 0
    share_read_percent: int = 0
    rebuilds: int = 0
    max_age_days: int | None = None


@dataclass(frozen=True, slots=True)
class TrustFile:
    """The checker's own list."""

    ring: KeyRing
    require: Requirements = field(default_factory=Requirements)


def parse_key_ring(data: bytes) -> KeyRing:
    """Return the ring of a dossier's `keys.json`; raise `json-…`, `vkey-malformed`, `key-…`, `key-ring-origin`."""
    return _parse_ring(Fields(parse_canonical(data, limit=MAX_KEYS_BYTES), "keys"), strict=False)


def format_key_ring(ring: KeyRing) -> bytes:
    """Return the canonical JSON of `keys.json`."""
    return canonical_json(_ring_json(ring))


def parse_trust_file(data: bytes) -> TrustFile:
    """Return the trust file; raise `trust-unknown-field` at any level, `trust-type`, `trust-percent`, and as above."""
    fields = Fields(parse_json(data, limit=MAX_KEYS_BYTES), "trust")
    refuse_unknown(fields, {"type", "log", "vendors", "authorities", "require"})
    if fields.text("type") != TRUST_TYPE:
        raise EvidenceError("trust-type", expected=TRUST_TYPE, found=fields.text("type")[:120])
    return TrustFile(_parse_ring(fields, strict=True), _parse_requirements(fields.object("require")))


def format_trust_file(trust: TrustFile) -> bytes:
    """Return the trust file as canonical JSON; requirements that say what leaving them out says are left out."""
    require = trust.require
    stated: dict[str, JSON] = {
        "signedSource": require.signed_source,
        "signedBuilds": require.signed_builds,
        "attestations": require.attestations,
        "authorities": require.authorities,
        "shareReadPercent": require.share_read_percent,
        "rebuilds": require.rebuilds,
        "maxAgeDays": require.max_age_days,
    }
    left_out = {"signedSource": True, "signedBuilds": None, "maxAgeDays": None} | dict.fromkeys(_COUNTS, 0)
    kept: dict[str, JSON] = {key: value for key, value in stated.items() if value != left_out[key]}
    return canonical_json({"type": TRUST_TYPE, **_ring_json(trust.ring), "require": kept})


def _keys_of(holders: tuple[KeyHolder, ...], name: str) -> tuple[EnrolledKey, ...]:
    return next((holder.keys for holder in holders if holder.name == name), ())


def _parse_ring(fields: Fields, *, strict: bool) -> KeyRing:
    log = fields.object("log")
    if strict:
        refuse_unknown(log, {"origin", "vkey"})
    origin, vkey = log.text("origin"), parse_vkey(log.text("vkey"))
    if vkey.name != origin:
        raise EvidenceError(
            "key-ring-origin", subject=log.where, expected=f"a key named {origin[:80]}", found=vkey.name[:80]
        )
    vendors = parse_holders(fields, "vendors", strict=strict)
    authorities = parse_holders(fields, "authorities", strict=strict)
    for holder in (*vendors, *authorities):
        check_slug(holder.name, f"{fields.where}.name")
    return KeyRing(origin, vkey, vendors, authorities)


def _ring_json(ring: KeyRing) -> dict[str, JSON]:
    return {
        "log": {"origin": ring.origin, "vkey": format_vkey(ring.vkey)},
        "vendors": format_holders(ring.vendors),
        "authorities": format_holders(ring.authorities),
    }


def _parse_requirements(fields: Fields) -> Requirements:
    refuse_unknown(fields, {"signedSource", "signedBuilds", "maxAgeDays", *_COUNTS})
    attestations, authorities, share, rebuilds = (fields.integer(key) if fields.has(key) else 0 for key in _COUNTS)
    if share > WHOLE:
        raise EvidenceError(
            "trust-percent", subject="trust.require.shareReadPercent", expected="0 to 100", found=str(share)
        )
    return Requirements(
        signed_source=fields.flag("signedSource") if fields.has("signedSource") else True,
        signed_builds=fields.flag("signedBuilds") if fields.has("signedBuilds") else None,
        attestations=attestations,
        authorities=authorities,
        share_read_percent=share,
        rebuilds=rebuilds,
        max_age_days=fields.optional_integer("maxAgeDays") if fields.has("maxAgeDays") else None,
    )
