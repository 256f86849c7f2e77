"""Public keys as they are enrolled, in trust files and in `keys.json` (docs/formats.md section 9).

The enrolled key's format decides how a signature is read; nothing in a signature does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast, get_args

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.minisign import parse_minisign_key
from transparency.proofs.signatures.openpgp_key import parse_openpgp_certificate
from transparency.proofs.signatures.pem import parse_pem_key
from transparency.proofs.signatures.signify import parse_signify_key
from transparency.proofs.signatures.sshsig import parse_ssh_public_key, ssh_fingerprint
from transparency.proofs.signatures.x509_anchor import TIME_STAMPS, format_x509_anchor, parse_x509_anchor
from transparency.proofs.times import format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from transparency.proofs.canonical import JSON, Fields

KeyFormat = Literal["ssh", "minisign", "pem", "openpgp", "signify", "x509"]
DELIVERY_NAMESPACES = ("file",)
GIT_NAMESPACE = "git"
MAX_KEY_CHARACTERS = 1024 * 1024
MAX_KEYS = 256


@dataclass(frozen=True, slots=True)
class EnrolledKey:
    """A key somebody is held to: its text, its fingerprint, SSH namespaces for deliveries, and its window (both ends included).

    `revoked` is for compromised keys, which count for nothing whatever the time; superseded and retired ones have an end instead.
    """

    format: KeyFormat
    public: str
    fingerprint: str
    namespaces: tuple[str, ...] = DELIVERY_NAMESPACES
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    revoked: bool = False

    @property
    def is_for_time_stamps(self) -> bool:
        """Whether it vouches for times, and for no signer."""
        return self.format == "x509" and self.public.startswith(TIME_STAMPS)

    def covers(self, moment: datetime) -> bool:
        """Whether `moment` lies in the window; whole seconds count, as the formats write them."""
        moment = moment.replace(microsecond=0)
        return not (self.valid_from and moment < self.valid_from) and not (
            self.valid_until and moment > self.valid_until
        )


def for_git(keys: Iterable[EnrolledKey]) -> list[EnrolledKey]:
    """The keys as they count for a git tag or commit: an SSH key that is enrolled for it, and only in the namespace that git signs in."""
    return [replace(key, namespaces=tuple({*key.namespaces} & {GIT_NAMESPACE})) for key in keys]


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """An organisation and its keys."""

    name: str
    keys: tuple[EnrolledKey, ...]


def parse_key(
    key_format: str,
    public: str,
    *,
    namespaces: tuple[str, ...] = DELIVERY_NAMESPACES,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    revoked: bool = False,
) -> EnrolledKey:
    """The key, refused when weak, malformed or of no known format (`key-malformed`, `key-weak`, `key-type`, `key-format`)."""
    if key_format not in get_args(KeyFormat):
        raise EvidenceError("key-format", expected=", ".join(get_args(KeyFormat)), found=key_format[:40])
    if len(public) > MAX_KEY_CHARACTERS:
        raise EvidenceError(
            "key-malformed", expected=f"at most {MAX_KEY_CHARACTERS} characters", found=str(len(public))
        )
    known = cast("KeyFormat", key_format)
    return EnrolledKey(known, public.strip(), _fingerprint(known, public), namespaces, valid_from, valid_until, revoked)


def key_from_text(text: str) -> EnrolledKey:
    """The key in a file of any of the six formats, in the spelling that section 9 wants.

    minisign's and signify's files have one shape: a comment that begins with `minisign public key`, or none at all, means minisign.
    """
    stripped = text.strip()
    if stripped.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----"):
        return parse_key("openpgp", stripped)
    if stripped.startswith(("-----BEGIN CERTIFICATE-----", "signer:", "use:")):
        return parse_key("x509", format_x509_anchor(parse_x509_anchor(stripped)))
    if stripped.startswith("-----BEGIN PUBLIC KEY-----"):
        return parse_key("pem", stripped)
    if stripped.startswith(("ssh-", "ecdsa-", "sk-")):
        return parse_key("ssh", " ".join(stripped.split(None, 2)[:2]))
    if stripped.startswith("untrusted comment:") and not stripped.startswith("untrusted comment: minisign public key"):
        return parse_key("signify", stripped.splitlines()[-1])
    if stripped.startswith(("untrusted comment:", "RW")):
        return parse_key("minisign", stripped.splitlines()[-1])
    if "PRIVATE KEY" in stripped[:80] or "secret key" in stripped[:80]:
        raise EvidenceError("key-private", expected="a public key", found="a private key; keep it to yourself")
    raise EvidenceError(
        "key-format",
        expected="an SSH, minisign, signify, PEM or armoured OpenPGP public key, or a PEM certificate",
        found=repr(stripped[:40]),
    )


def parse_holders(fields: Fields, name: str, *, strict: bool = False) -> tuple[KeyHolder, ...]:
    """Read `vendors` or `authorities` of keys.json and trust files; `strict` refuses unknown fields (`trust-unknown-field`)."""
    holders = []
    for holder in fields.objects(name):
        if strict:
            refuse_unknown(holder, {"name", "keys"})
        holders.append(
            KeyHolder(holder.text("name"), tuple(_parse_entry(key, strict=strict) for key in holder.objects("keys")))
        )
    if (
        len({holder.name for holder in holders}) != len(holders)
        or sum(len(holder.keys) for holder in holders) > MAX_KEYS
    ):
        raise EvidenceError(
            "json-shape", subject=fields.where, expected=f"each name once and at most {MAX_KEYS} keys", found="more"
        )
    return tuple(holders)


def format_holders(holders: tuple[KeyHolder, ...]) -> list[JSON]:
    return [{"name": holder.name, "keys": [format_key(key) for key in holder.keys]} for holder in holders]


def format_key(key: EnrolledKey) -> JSON:
    return {
        "format": key.format,
        "public": key.public,
        "namespaces": list(key.namespaces),
        "from": format_time(key.valid_from) if key.valid_from else None,
        "until": format_time(key.valid_until) if key.valid_until else None,
    }


def refuse_unknown(fields: Fields, known: set[str]) -> None:
    """Raise `trust-unknown-field` for a field that is not known: a misspelt one must not be silently without effect."""
    if unknown := sorted(fields.keys() - known):
        raise EvidenceError(
            "trust-unknown-field", subject=fields.where, expected=", ".join(sorted(known)), found=unknown[0][:60]
        )


def _parse_entry(fields: Fields, *, strict: bool) -> EnrolledKey:
    if strict:
        refuse_unknown(fields, {"format", "public", "namespaces", "from", "until"})
    start, end = fields.optional_text("from"), fields.optional_text("until")
    return parse_key(
        fields.text("format"),
        fields.text("public"),
        namespaces=fields.texts("namespaces"),
        valid_from=None if start is None else parse_time(start),
        valid_until=None if end is None else parse_time(end),
    )


def _fingerprint(key_format: KeyFormat, public: str) -> str:
    if key_format == "ssh":
        return ssh_fingerprint(parse_ssh_public_key(public))
    if key_format == "minisign":
        return parse_minisign_key(public).fingerprint
    if key_format == "signify":
        return parse_signify_key(public).fingerprint
    if key_format == "pem":
        return parse_pem_key(public).fingerprint
    if key_format == "x509":
        return parse_x509_anchor(public).fingerprint
    return parse_openpgp_certificate(public.encode()).fingerprint
