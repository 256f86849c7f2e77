"""What a certificate's primary key says of its keys: which subkeys are bound to sign, when a key ends, what is revoked.

The library answers for the certificate as a whole and at a signature's time; it says nothing of a subkey now. So the self-signatures are
read and checked here. What is not by the primary key does not count, with one exception: a revocation that nobody here can check counts.

| signature | over | says |
|---|---|---|
| 0x18 | primary and subkey | binds the subkey: flags, end; holds a 0x19 by the subkey, where the subkey may sign |
| 0x28 | primary and subkey | revokes the subkey; superseded or retired is an end, anything else is for all times |
| 0x20 | primary | revokes the certificate |
| 0x10 - 0x13, 0x1f | primary and a user id, or primary alone | the end of the certificate |
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.openpgp import HASHES, WEAK_HASHES, parse_areas
from transparency.proofs.signatures.openpgp_check import check_packet
from transparency.proofs.signatures.openpgp_key import PRIMARY, SOFT_REASONS, SUBKEY, USER_ID, revocation_reason
from transparency.proofs.signatures.openpgp_numbers import SIGNING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from transparency.proofs.signatures.openpgp_key import Component, OpenPgpCertificate, OpenPgpKey

_BINDS, _BINDS_BACK, _REVOKES, _REVOKES_KEY, _DIRECT = 0x18, 0x19, 0x28, 0x20, 0x1F
_CERTIFIES = range(0x10, 0x14)
_CREATED, _KEY_EXPIRES, _FLAGS, _EMBEDDED = 2, 9, 27, 32
_MAY_SIGN = 0x02
Binding = Literal["sound", "weak", "none"]


@dataclass(frozen=True, slots=True)
class SubkeyLife:
    """What the primary key says of one subkey; `weak`: only by a hash that does not count any more."""

    binding: Binding
    since: datetime | None = None
    may_sign: bool = False
    ends: datetime | None = None
    compromised: bool = False


@dataclass(frozen=True, slots=True)
class _SelfSignature:
    created: datetime
    ends: datetime | None
    weak: bool
    may_sign: bool


def life_of(certificate: OpenPgpCertificate, key: OpenPgpKey) -> SubkeyLife:
    """What holds for a subkey by all of its bindings and revocations, whatever the time."""
    primary = certificate.keys[0]
    bindings: list[_SelfSignature] = []
    ends: list[datetime] = []
    compromised = False
    for component in certificate.components:
        if (component.tag, component.body) != (SUBKEY, key.body):
            continue
        bindings += _bindings(component, primary, key)
        for reason, created in _revocations(component, primary, [framed(primary), framed(key)]):
            compromised = compromised or reason not in SOFT_REASONS
            ends.append(created)
    if not bindings:
        return SubkeyLife("none", compromised=compromised)
    newest = max(bindings, key=lambda item: item.created)
    if (end := _earlier_end(bindings)) is not None:
        ends.append(end)
    return SubkeyLife(
        "weak" if all(item.weak for item in bindings) else "sound",
        min(item.created for item in bindings),
        newest.may_sign,
        min(ends, default=None),
        compromised,
    )


def weak_signer(certificate: OpenPgpCertificate, now: datetime) -> OpenPgpKey | None:
    """The first key that could sign now though nothing that it signs counts: the primary, or a subkey unless it is shown not to sign."""
    primary = certificate.keys[0]
    if primary.fault is not None:
        return primary
    for component in certificate.components[1:]:
        key = next((each for each in certificate.keys[1:] if each.body == component.body), None)
        if component.tag != SUBKEY or key is None or not key.weak or key.algorithm not in SIGNING:
            continue
        bound = list(_bindings(component, primary, key, consent=False))
        end = _earlier_end(bound)
        over = bool(end and end <= now) or any(
            True for _ in _revocations(component, primary, [framed(primary), framed(key)])
        )
        if not over and (not bound or max(bound, key=lambda item: item.created).may_sign):
            return key
    return None


def certificate_end(certificate: OpenPgpCertificate) -> datetime | None:
    """When the certificate ends by its own self-signatures, for where the library counts none of them."""
    primary = certificate.keys[0]
    found: list[_SelfSignature] = []
    for component in certificate.components:
        for body in component.signatures:
            if len(body) > 1 and component.tag == PRIMARY and body[1] == _DIRECT:
                signed = [framed(primary)]
            elif len(body) > 1 and component.tag == USER_ID and body[1] in _CERTIFIES:
                identity = b"\xb4" + len(component.body).to_bytes(4, "big") + component.body
                signed = [framed(primary), identity]
            else:
                continue
            found += _read(body, primary, primary, signed)
    return _earlier_end(found)


def certificate_revoked(certificate: OpenPgpCertificate) -> bool:
    """Whether the primary key revoked itself, for whatever reason; a library that cannot compute by it cannot say so."""
    primary = certificate.keys[0]
    return any(
        True
        for component in certificate.components
        if component.tag == PRIMARY
        for _ in _revocations(component, primary, [framed(primary)], _REVOKES_KEY)
    )


def framed(key: OpenPgpKey) -> bytes:
    """A key as self-signatures hash it (RFC 9580 section 5.2.4)."""
    if key.version == 4:  # noqa: PLR2004 - the same
        return b"\x99" + len(key.body).to_bytes(2, "big") + key.body
    return b"\x9b" + len(key.body).to_bytes(4, "big") + key.body


def _earlier_end(found: Iterable[_SelfSignature]) -> datetime | None:
    """The end that the newest one says; a weak one, which somebody might have forged, may shorten it and never lengthen it."""
    ordered = sorted(found, key=lambda item: item.created)
    sound = [item for item in ordered if not item.weak]
    return min((item.ends for item in (*ordered[-1:], *sound[-1:]) if item.ends), default=None)


def _bindings(
    component: Component, primary: OpenPgpKey, key: OpenPgpKey, *, consent: bool = True
) -> Iterator[_SelfSignature]:
    """Bindings by the primary key; of those to sign, with `consent`, only the ones that the subkey signed too."""
    signed = [framed(primary), framed(key)]
    for body in component.signatures:
        if len(body) < 2 or body[1] != _BINDS:  # noqa: PLR2004 - version and type
            continue
        for item in _read(body, primary, key, signed):
            if not item.may_sign or not consent:
                yield item
                continue
            back = _binds_back(body, key, signed)
            if back is not None:
                yield _SelfSignature(item.created, item.ends, item.weak or back, item.may_sign)


def _binds_back(body: bytes, key: OpenPgpKey, signed: list[bytes]) -> bool | None:
    """Whether the subkey's own consent, inside the binding, is by a weak hash; None where there is none that holds."""
    for area in parse_areas(body):
        inner = area.get(_EMBEDDED, b"")
        if len(inner) > 4 and inner[1] == _BINDS_BACK and _holds(inner, key, signed):  # noqa: PLR2004 - its header
            return HASHES.get(inner[3]) in WEAK_HASHES
    return None


def _revocations(
    component: Component, primary: OpenPgpKey, signed: list[bytes], kind: int = _REVOKES
) -> Iterator[tuple[int | None, datetime]]:
    """Reason and time of each revocation of a key."""
    for body in component.signatures:
        if len(body) < 5 or body[1] != kind:  # noqa: PLR2004 - its header
            continue
        try:
            check_packet(body, primary, signed)
        except EvidenceError as error:
            if error.code != "signature-algorithm":
                continue  # somebody else's, or torn
        try:
            seconds = int.from_bytes(parse_areas(body)[0].get(_CREATED, b""), "big")
            yield revocation_reason(body), datetime.fromtimestamp(seconds, UTC)
        except (EvidenceError, IndexError):
            yield None, datetime.fromtimestamp(0, UTC)


def _read(body: bytes, primary: OpenPgpKey, key: OpenPgpKey, signed: list[bytes]) -> Iterator[_SelfSignature]:
    """The one self-signature in a packet if the primary key made it over `signed`, else nothing."""
    if not _holds(body, primary, signed):
        return
    hashed, _ = parse_areas(body)
    created = datetime.fromtimestamp(int.from_bytes(hashed.get(_CREATED, b"")[:4], "big"), UTC)
    lifetime = int.from_bytes(hashed.get(_KEY_EXPIRES, b"")[:4], "big")
    flags = hashed.get(_FLAGS)
    yield _SelfSignature(
        created,
        key.created + timedelta(seconds=lifetime) if lifetime else None,
        HASHES.get(body[3]) in WEAK_HASHES,
        flags is None or bool(flags and flags[0] & _MAY_SIGN),
    )


def _holds(body: bytes, key: OpenPgpKey, signed: list[bytes]) -> bool:
    try:
        parse_areas(body)
        check_packet(body, key, signed)
    except (EvidenceError, IndexError):
        return False
    return True
