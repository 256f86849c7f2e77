"""Detached CMS signatures (RFC 5652), in DER, in BER with indefinite lengths, or in PEM: one signer, with signed attributes.

What is signed is the SET of signed attributes; they hold the content's digest and type. A signature without them is over the content
itself, and then a content that spells such a SET would be a signature over another content: it is refused (`cms-attributes`), as are
two signers or none (`cms-signers`), a content inside (`cms-attached`), and a content type that is not `data`. Two attributes of one
type are refused.

The certificates inside are only what the signer handed along; nothing is checked by reading.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.note import decode_base64
from transparency.proofs.signatures.der import OCTET_STRING, OID, SEQUENCE, SET, DerReader, context, definite, encode
from transparency.proofs.signatures.x509_algorithms import (
    HashName,
    SignatureScheme,
    check_by_signing_key,
    digest_algorithm,
    signature_scheme,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from transparency.proofs.signatures.certificate import Certificate

MAX_CMS_BYTES = 64 * 1024
MAX_CERTIFICATES = 16
MAX_ATTRIBUTES = 32
DATA, SIGNED_DATA, TIME_STAMP = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.5"
SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
ALGORITHM_PROTECTION, TIME_STAMP_TOKEN = "1.2.840.113549.1.9.52", "1.2.840.113549.1.9.16.2.14"
_CODE = "cms-malformed"
_PEM = re.compile(
    rb"\s*-----BEGIN (SIGNED MESSAGE|PKCS7|CMS)-----\r?\n([A-Za-z0-9+/=\s]+)-----END \1-----\s*\Z", re.ASCII
)
_DETACHED_VERSIONS, _TOKEN_VERSIONS = {1, 3}, {3}
_BY_KEY_ID = 0x80


class Hashed(Protocol):
    """Gives the digest of the signed content."""

    def __call__(self, algorithm: HashName, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class CmsSigner:
    """The one SignerInfo: whom it names, what it signed, and what stands beside. `signed` is the contents of the SET of attributes."""

    issuer: bytes
    serial: int
    key_id: bytes
    digest: bytes
    signed: bytes
    attributes: Mapping[str, bytes]
    algorithm: bytes
    signature: bytes
    unsigned: Mapping[str, bytes]

    @property
    def claimed_time(self) -> datetime | None:
        """When the signer says that it signed."""
        value = self.attributes.get(SIGNING_TIME)
        return None if value is None else DerReader(value, _CODE).time()

    def is_by(self, certificate: Certificate) -> bool:
        """Whether this certificate is the one that the signer names."""
        if self.key_id:
            return self.key_id == certificate.key_id
        return (self.issuer, self.serial) == (certificate.issuer, certificate.serial)


@dataclass(frozen=True, slots=True)
class CmsSignature:
    """A SignedData: its content's type, the content where it is inside, certificates as they came, the signer."""

    content_type: str
    content: bytes | None
    certificates: tuple[bytes, ...]
    signer: CmsSigner


def parse_cms(data: bytes) -> CmsSignature:
    """Read a detached signature (`cms-malformed`, `cms-attached`, `cms-signers`, `cms-attributes`)."""
    if len(data) > MAX_CMS_BYTES:
        raise EvidenceError(_CODE, expected=f"at most {MAX_CMS_BYTES} bytes", found=f"{len(data)} bytes")
    found = parse_signed_data(_dearmour(data))
    if found.content is not None:
        raise EvidenceError("cms-attached", expected="a detached signature", found="one with a content of its own")
    if found.content_type != DATA:
        raise EvidenceError(_CODE, expected="a signature over data", found=found.content_type)
    return found


def parse_signed_data(data: bytes) -> CmsSignature:
    """Read a ContentInfo that holds a SignedData, detached or not."""
    outer = DerReader(definite(data, _CODE), _CODE)
    info = outer.inside(SEQUENCE)
    outer.end()
    kind = info.oid()
    if kind != SIGNED_DATA:
        raise EvidenceError(_CODE, expected="signed data", found=kind)
    wrapped = info.inside(context(0))
    info.end()
    reader = wrapped.inside(SEQUENCE)
    wrapped.end()
    version = reader.integer()
    reader.element(SET)
    inner = reader.inside(SEQUENCE)
    content_type, content = inner.oid(), inner.optional(context(0))
    inner.end()
    certificates = _certificates(reader)
    reader.optional(context(1))  # revocation lists: nothing here follows them
    signers = reader.element(SET)
    reader.end()
    allowed = _DETACHED_VERSIONS if content_type == DATA else _TOKEN_VERSIONS
    if version not in allowed:
        raise EvidenceError(
            _CODE, expected=f"version {' or '.join(map(str, sorted(allowed)))}", found=str(version)[:20]
        )
    return CmsSignature(content_type, _octets(content.body) if content else None, certificates, _signer(signers.body))


def check_cms(signature: CmsSignature, certificate: Certificate, content: Hashed) -> SignatureScheme:
    """Return how it is signed; raise unless the key of `certificate`, which the signer names, signed this content: `weak-hash`,
    `signature-mismatch`, `cms-content` (signed was another one), `cms-attributes`, `signature-…`.
    """
    signer = signature.signer
    if not signer.is_by(certificate):
        raise EvidenceError("key-mismatch", expected=certificate.subject_text, found="another certificate's")
    digest, scheme = signing_scheme(signer)
    _check_attributes(signature, certificate)
    found, wanted = content(digest), DerReader(signer.attributes[MESSAGE_DIGEST], _CODE).octets()
    check_by_signing_key(signer.signature, certificate.key, scheme, encode(SET, signer.signed))
    if found != wanted:
        raise EvidenceError("cms-content", expected=f"{digest} {wanted.hex()[:128]}", found=f"{digest} {found.hex()}")
    return scheme


def signing_scheme(signer: CmsSigner) -> tuple[HashName, SignatureScheme]:
    """The hash of the content and how the attributes are signed (`weak-hash`, `weak-key`, `cms-algorithm`)."""
    digest = digest_algorithm(signer.digest, "cms-algorithm")
    return digest, signature_scheme(signer.algorithm, "cms-algorithm", digest=digest)


def _check_attributes(signature: CmsSignature, certificate: Certificate) -> None:
    signer = signature.signer
    held = DerReader(signer.attributes[CONTENT_TYPE], _CODE)
    kind = held.oid()
    held.end()
    if kind != signature.content_type:
        raise EvidenceError("cms-attributes", expected=f"content type {signature.content_type}", found=kind)
    if (protection := signer.attributes.get(ALGORITHM_PROTECTION)) is not None:
        wanted = signer.digest + encode(0xA1, DerReader(signer.algorithm, _CODE).element(SEQUENCE).body)
        if protection != encode(SEQUENCE, wanted):
            raise EvidenceError("cms-attributes", expected="the algorithms that the signer protected", found="others")
    named = signing_certificates(signer)
    if any(certificate.digest(name) != value for name, value in named):
        raise EvidenceError("cms-attributes", expected="the certificate that the signer signed with", found="another")


def signing_certificates(signer: CmsSigner) -> list[tuple[str, bytes]]:
    """Hash and digest of the certificate that the signer says it signed with, of each of the two attributes (RFC 5035)."""
    found = []
    for name in (SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2):
        if (value := signer.attributes.get(name)) is None:
            continue
        first = DerReader(value, _CODE).inside(SEQUENCE).inside(SEQUENCE).inside(SEQUENCE)
        if name == SIGNING_CERTIFICATE:
            found.append(("sha1", first.octets()))
            continue
        algorithm = first.optional(SEQUENCE)
        hashed = digest_algorithm(algorithm.raw, "cms-algorithm") if algorithm else "sha256"
        found.append((hashed, first.octets()))
    return found


def hashed_bytes(content: bytes) -> Hashed:
    """The digests of a content in memory."""
    return lambda algorithm: hashlib.new(algorithm, content).digest()


def _certificates(reader: DerReader) -> tuple[bytes, ...]:
    """X.509 certificates alone; what else the choice allows (attribute certificates) is left out."""
    found = reader.optional(context(0))
    held = DerReader(found.body, _CODE).rest() if found else []
    if len(held) > MAX_CERTIFICATES:
        raise EvidenceError(_CODE, expected=f"at most {MAX_CERTIFICATES} certificates", found=str(len(held)))
    return tuple(element.raw for element in held if element.tag == SEQUENCE)


def _signer(data: bytes) -> CmsSigner:
    signers = DerReader(data, _CODE).rest()
    if len(signers) != 1 or signers[0].tag != SEQUENCE:
        raise EvidenceError("cms-signers", expected="exactly one signer", found=str(len(signers)))
    reader = DerReader(signers[0].body, _CODE)
    version, issuer, serial = reader.integer(), b"", 0
    key_id = reader.optional(_BY_KEY_ID)
    if key_id is None:
        named = reader.inside(SEQUENCE)
        issuer, serial = named.element(SEQUENCE).raw, named.integer()
        named.end()
    if version != (1 if key_id is None else 3) or (key_id and not key_id.body):
        raise EvidenceError(_CODE, expected="a signer of version 1, or of 3 by its key's id", found=str(version)[:20])
    digest = reader.element(SEQUENCE).raw
    signed = reader.optional(context(0))
    if signed is None:
        raise EvidenceError("cms-attributes", expected="signed attributes", found="none")
    algorithm, signature = reader.element(SEQUENCE).raw, reader.octets()
    unsigned = reader.optional(context(1))
    reader.end()
    attributes = _attributes(signed.body, "signed")
    for name, what in ((CONTENT_TYPE, "content type"), (MESSAGE_DIGEST, "message digest")):
        if name not in attributes:
            raise EvidenceError("cms-attributes", expected=f"a signed {what}", found="none")
    return CmsSigner(
        issuer=issuer,
        serial=serial,
        key_id=key_id.body if key_id else b"",
        digest=digest,
        signed=signed.body,
        attributes=attributes,
        algorithm=algorithm,
        signature=signature,
        unsigned=_attributes(unsigned.body, "unsigned") if unsigned else {},
    )


def _attributes(data: bytes, what: str) -> dict[str, bytes]:
    """Each attribute's one value."""
    found: dict[str, bytes] = {}
    for element in DerReader(data, _CODE).rest():
        reader = DerReader(element.raw, _CODE).inside(SEQUENCE)
        name = DerReader(reader.element(OID).raw, _CODE).oid()
        values = DerReader(reader.element(SET).body, _CODE).rest()
        reader.end()
        if name in found or len(values) != 1 or len(found) == MAX_ATTRIBUTES:
            raise EvidenceError(
                "cms-attributes", expected=f"{what} attributes of one value, each once", found=f"{name}, {len(values)}"
            )
        found[name] = values[0].raw
    return found


def _octets(data: bytes) -> bytes:
    """The contents of an OCTET STRING, in one piece or, as BER may have it, in several."""
    reader = DerReader(data, _CODE)
    element = reader.element()
    reader.end()
    if element.tag == OCTET_STRING:
        return element.body
    if element.tag != OCTET_STRING | 0x20:
        raise EvidenceError(_CODE, expected="a content of bytes", found=f"0x{element.tag:02x}")
    pieces = DerReader(element.body, _CODE).rest()
    if any(piece.tag != OCTET_STRING for piece in pieces):
        raise EvidenceError(_CODE, expected="pieces of bytes", found="others")
    return b"".join(piece.body for piece in pieces)


def _dearmour(data: bytes) -> bytes:
    if data[:1] == bytes([SEQUENCE]):
        return data
    shape = _PEM.match(data)
    if shape is None:
        raise EvidenceError(_CODE, expected="DER, or one PEM block and nothing else", found=repr(data[:32]))
    return decode_base64(b"".join(shape[2].split()).decode("ascii"), _CODE)
