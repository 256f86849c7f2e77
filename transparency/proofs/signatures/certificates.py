r"""OpenPGP certificates as lists of packets: a keyring in pieces, what is a certificate's own, and two versions of one joined.

Joining only adds. A certificate says what it is by the newest signatures of its own key, and a revocation stays for good, so an
older copy takes nothing away: neither a longer validity nor a revocation (RFC 9580 section 10.1). Nothing here checks a signature;
what a certificate's own key did not sign counts for nothing where it is judged (gateways/openpgp.py).

>>> split_certificates(bytes.fromhex("c60161c20162c60163"), limit=2)
[b'\\xc6\\x01a\\xc2\\x01b', b'\\xc6\\x01c']
"""

from __future__ import annotations

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.openpgp import packets, parse_areas
from transparency.proofs.signatures.openpgp_key import PRIMARY, SIGNATURE, SUBKEY, parse_openpgp_certificate

SECRET_KEY, USER_ID = 5, 13
_KEPT = frozenset({PRIMARY, SUBKEY, SIGNATURE, USER_ID})
_CERTIFICATIONS = range(0x10, 0x14)
_ISSUER, _FINGERPRINT = 16, 33
_Packet = tuple[int, bytes, bytes]
_Part = tuple[_Packet, list[_Packet]]


def split_certificates(data: bytes, *, limit: int) -> list[bytes]:
    """The bytes of each certificate of a keyring (`keyring-malformed`, `keyring-large`); none of them is read here."""
    pieces: list[list[bytes]] = []
    for tag, _, packet in packets(data, "keyring-malformed"):
        if tag in {PRIMARY, SECRET_KEY}:
            pieces.append([])
        elif not pieces:
            raise EvidenceError("keyring-malformed", expected="a public key first", found=f"a packet of type {tag}")
        pieces[-1].append(packet)
    if not pieces:
        raise EvidenceError("keyring-malformed", expected="a keyring", found="nothing")
    if len(pieces) > limit:
        raise EvidenceError("keyring-large", expected=f"at most {limit} certificates", found=str(len(pieces)))
    return [b"".join(piece) for piece in pieces]


def own_part(certificate: bytes) -> bytes:
    """Its keys, user ids and its own signatures: no pictures, nothing of a keyring's software, not what other keys certified.

    Raises `key-private`, and for what cannot be read the code of reading it.
    """
    everything = packets(certificate, "key-malformed")
    if everything and everything[0][0] == SECRET_KEY:
        raise EvidenceError("key-private", expected="a public key", found="a private key")
    primary = parse_openpgp_certificate(everything[0][2]).fingerprint if everything else ""
    return b"".join(
        packet for tag, body, packet in everything if tag in _KEPT and not _is_of_others(tag, body, primary)
    )


def merge_certificates(held: bytes, given: bytes) -> bytes:
    """What is held, and what of the given version was not in it; exactly what is held when nothing is new (`key-malformed`)."""
    names = {parse_openpgp_certificate(each).fingerprint for each in (held, given)}
    if len(names) > 1:
        raise EvidenceError("key-malformed", expected="versions of one certificate", found=", ".join(sorted(names)))
    parts = _parts(held)
    where: dict[tuple[int, bytes], _Part] = {}
    there: dict[tuple[int, bytes], set[tuple[int, bytes]]] = {}
    for part in parts:
        where.setdefault(part[0][:2], part)
        there.setdefault(part[0][:2], set()).update(packet[:2] for packet in part[1])
    subkeys = next((place for place, part in enumerate(parts) if part[0][0] == SUBKEY), len(parts))
    ids_and_keys: tuple[list[_Part], list[_Part]] = ([], [])
    for head, below in _parts(given):
        name = head[:2]
        if name not in where:
            where[name], there[name] = (head, []), set()
            ids_and_keys[head[0] == SUBKEY].append(where[name])
        for packet in below:
            if packet[:2] not in there[name]:
                there[name].add(packet[:2])
                where[name][1].append(packet)
    joined = (*parts[:subkeys], *ids_and_keys[0], *parts[subkeys:], *ids_and_keys[1])
    return b"".join(packet for head, below in joined for _, _, packet in (head, *below))


def user_ids_of(certificate: bytes) -> tuple[str, ...]:
    """What it says whose it is: a claim, of anybody's making."""
    return tuple(
        body.decode("utf-8", "replace") for tag, body, _ in packets(certificate, "key-malformed") if tag == USER_ID
    )


def _parts(certificate: bytes) -> list[_Part]:
    """Each key and user id, with the signatures below it."""
    parts: list[_Part] = []
    for packet in packets(certificate, "key-malformed"):
        if packet[0] != SIGNATURE or not parts:
            parts.append((packet, []))
        else:
            parts[-1][1].append(packet)
    return parts


def _is_of_others(tag: int, body: bytes, primary: str) -> bool:
    """Whether a packet is a certification by another key than the certificate's own."""
    if tag != SIGNATURE or len(body) < 2 or body[1] not in _CERTIFICATIONS:  # noqa: PLR2004 - version and type
        return False
    issuers = set()
    for area in parse_areas(body):
        issuers |= {area[_FINGERPRINT][1:]} if _FINGERPRINT in area else set()
        issuers |= {area[_ISSUER]} if _ISSUER in area else set()
    return not any(primary.endswith(issuer.hex().upper()) for issuer in issuers)
