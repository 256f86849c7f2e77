"""CMS signatures and time-stamp tokens put together by hand, so that each part of them can be another than tools make it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from transparency.proofs.signatures.certificate import parse_certificate
from transparency.proofs.signatures.cms import (
    CONTENT_TYPE,
    DATA,
    MESSAGE_DIGEST,
    SIGNED_DATA,
    SIGNING_CERTIFICATE_V2,
    TIME_STAMP,
    TIME_STAMP_TOKEN,
)
from transparency.proofs.signatures.der import (
    GENERALIZED_TIME,
    INTEGER,
    NULL,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    encode,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tests.x509 import Identity

HASHES = {"sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1", "sha512": "2.16.840.1.101.3.4.2.3"}
ECDSA = {"sha256": "1.2.840.10045.4.3.2", "sha512": "1.2.840.10045.4.3.4", "sha1": "1.2.840.10045.4.1"}
RSA_KEY, ED25519 = "1.2.840.113549.1.1.1", "1.3.101.112"


def sequence(*parts: bytes) -> bytes:
    return encode(SEQUENCE, b"".join(parts))


def a_set(*parts: bytes) -> bytes:
    return encode(SET, b"".join(sorted(parts)))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    body = b""
    for number in (40 * first + second, *rest):
        piece = bytes([number & 0x7F])
        while number := number >> 7:
            piece = bytes([number & 0x7F | 0x80]) + piece
        body += piece
    return encode(OID, body)


def integer(value: int) -> bytes:
    return encode(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def attribute(name: str, *values: bytes) -> bytes:
    return sequence(oid(name), a_set(*values))


def names_certificate(signer: Identity) -> bytes:
    """The attribute SigningCertificateV2 of a signer."""
    return attribute(
        SIGNING_CERTIFICATE_V2, sequence(sequence(sequence(encode(OCTET_STRING, hashlib.sha256(signer.der).digest()))))
    )


@dataclass
class HandMade:
    """What a CMS signature is put together from; `attributes` None leaves them out and signs the content itself."""

    signer: Identity
    content: bytes
    hashed: str = "sha256"
    content_type: str = DATA
    attached: bool = False
    attributes: Sequence[bytes] | None = ()
    algorithm: bytes = b""
    certificates: Sequence[bytes] = ()
    unsigned: Sequence[bytes] = ()
    signature: bytes = b""
    signers: int = 1
    named: Identity | None = None
    version: int = 1
    more: Sequence[bytes] = field(default_factory=tuple)

    def usual(self) -> list[bytes]:
        digest = hashlib.new(self.hashed, self.content).digest()
        return [
            attribute(CONTENT_TYPE, oid(self.content_type)),
            attribute(MESSAGE_DIGEST, encode(OCTET_STRING, digest)),
        ]

    def signed_set(self) -> bytes:
        """What the signature is over: the SET of attributes, or the content."""
        if self.attributes is None:
            return self.content
        return a_set(*(self.attributes or self.usual()), *self.more)

    def sign(self, message: bytes) -> bytes:
        private, used = self.signer.private, {"sha256": hashes.SHA256(), "sha512": hashes.SHA512()}
        if isinstance(private, Ed25519PrivateKey):
            return private.sign(message)
        if isinstance(private, ec.EllipticCurvePrivateKey):
            return private.sign(message, ec.ECDSA(used[self.hashed]))
        return private.sign(message, padding.PKCS1v15(), used[self.hashed])

    def default_algorithm(self) -> bytes:
        if isinstance(self.signer.private, Ed25519PrivateKey):
            return sequence(oid(ED25519))
        if isinstance(self.signer.private, ec.EllipticCurvePrivateKey):
            return sequence(oid(ECDSA[self.hashed]))
        return sequence(oid(RSA_KEY), encode(NULL, b""))

    def bytes(self) -> bytes:
        signed, hashed = self.signed_set(), sequence(oid(HASHES[self.hashed]))
        certificate = parse_certificate((self.named or self.signer).der)
        info = sequence(
            integer(1),
            sequence(certificate.issuer, integer(certificate.serial)),
            hashed,
            b"" if self.attributes is None else b"\xa0" + signed[1:],
            self.algorithm or self.default_algorithm(),
            encode(OCTET_STRING, self.signature or self.sign(signed)),
            encode(0xA1, b"".join(self.unsigned)) if self.unsigned else b"",
        )
        held = self.certificates or [each.der for each in (self.signer, *self.signer.chain)]
        inside = encode(0xA0, encode(OCTET_STRING, self.content)) if self.attached else b""
        data = sequence(
            integer(self.version),
            a_set(hashed),
            sequence(oid(self.content_type), inside),
            encode(0xA0, b"".join(held)),
            encode(SET, info * self.signers),
        )
        return sequence(oid(SIGNED_DATA), encode(0xA0, data))


def token(
    authority: Identity, stamped: bytes, moment: datetime, *, hashed: str = "sha256", named: bool = True
) -> bytes:
    """A time-stamp token over `stamped`."""
    imprint = sequence(sequence(oid(HASHES[hashed])), encode(OCTET_STRING, hashlib.new(hashed, stamped).digest()))
    info = sequence(
        integer(1),
        oid("1.2.3.4"),
        imprint,
        integer(7),
        encode(GENERALIZED_TIME, moment.strftime("%Y%m%d%H%M%SZ").encode()),
    )
    more = [names_certificate(authority)] if named else []
    made = HandMade(authority, info, content_type=TIME_STAMP, attached=True, version=3, more=more)
    return made.bytes()


def stamped(made: HandMade, *tokens: bytes) -> bytes:
    """The signature with these tokens beside it."""
    return HandMade(
        made.signer, made.content, signature=made.signature, unsigned=[attribute(TIME_STAMP_TOKEN, *tokens)]
    ).bytes()
