"""X.509 certificates (RFC 5280), version 3: the names and numbers that chains are built of, and what their extensions permit."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from transparency.proofs.errors import EvidenceError
from transparency.proofs.log.note import decode_base64
from transparency.proofs.signatures.der import BIT_STRING, SEQUENCE, DerReader, context
from transparency.proofs.signatures.x509_algorithms import SigningKey, parse_signing_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.x509.extensions import Extensions

MAX_CERTIFICATE_BYTES = 16 * 1024
_CODE = "certificate-malformed"
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
_PEM = re.compile(r"\s*-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*\Z", re.ASCII)


# Two certificates are one when their bytes are; the rest is cached, which slots forbid.
@dataclass(frozen=True)
class Certificate:
    """A certificate, its issuer and subject exactly as they are encoded, and what signs it."""

    der: bytes
    signed: bytes
    algorithm: bytes
    signature: bytes
    serial: int
    issuer: bytes
    subject: bytes
    x509: x509.Certificate

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.der)

    def digest(self, algorithm: str) -> bytes:
        return hashlib.new(algorithm, self.der, usedforsecurity=False).digest()

    @property
    def fingerprint(self) -> str:
        """`sha256:` and what `openssl x509 -fingerprint -sha256` prints, without colons and in lower case."""
        return "sha256:" + self.digest("sha256").hex()

    @cached_property
    def key(self) -> SigningKey:
        """Its key (`key-weak`, `key-type`, `key-malformed`)."""
        return parse_signing_key(self.spki)

    @cached_property
    def spki(self) -> bytes:
        try:
            return self.x509.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise EvidenceError("key-malformed", expected="a public key", found="one that cannot be read") from error

    @cached_property
    def extensions(self) -> Extensions:
        """All of them (`certificate-malformed`)."""
        try:
            return self.x509.extensions
        except (ValueError, x509.DuplicateExtension) as error:
            raise EvidenceError(_CODE, expected="extensions, each once", found=str(error)[:80]) from error

    def extension(self, kind: type[_Extension]) -> _Extension | None:
        """One of them, where it is there."""
        return next((each.value for each in self.extensions if isinstance(each.value, kind)), None)

    @property
    def key_id(self) -> bytes:
        found = self.extension(x509.SubjectKeyIdentifier)
        return found.digest if found else b""

    @property
    def is_authority(self) -> bool:
        found = self.extension(x509.BasicConstraints)
        return bool(found and found.ca)

    @property
    def purposes(self) -> frozenset[str] | None:
        """What it may be used for, as object identifiers; None where it does not say."""
        found = self.extension(x509.ExtendedKeyUsage)
        return frozenset(each.dotted_string for each in found) if found else None

    @property
    def subject_text(self) -> str:
        """Its subject as RFC 4514 writes it; a claim of whoever issued it."""
        return name_text(self.x509.subject) or "an empty subject"

    def identities(self) -> frozenset[str]:
        """Whom it names, each with its kind: `email:`, `dns:`, `uri:` of the alternative names, `subject:`."""
        found = {f"subject:{name_text(self.x509.subject)}"}
        names = self.extension(x509.SubjectAlternativeName)
        if names is None:
            held = self.x509.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)
            return frozenset(found | {f"email:{each.value!s}" for each in held})
        for kind, words in ((x509.RFC822Name, "email"), (x509.DNSName, "dns"), (x509.UniformResourceIdentifier, "uri")):
            found |= {f"{words}:{value}" for value in names.get_values_for_type(kind)}
        return frozenset(found)


def parse_certificate(der: bytes) -> Certificate:
    """Read one in DER (`certificate-malformed`); its key is read where it is used."""
    if len(der) > MAX_CERTIFICATE_BYTES:
        raise EvidenceError(_CODE, expected=f"at most {MAX_CERTIFICATE_BYTES} bytes", found=str(len(der)))
    try:
        read = x509.load_der_x509_certificate(der)
        names = (read.subject, read.issuer)
    except (ValueError, x509.InvalidVersion) as error:
        raise EvidenceError(_CODE, expected="a certificate", found=str(error)[:80]) from error
    if read.version != x509.Version.v3 or not all(map(_readable, names)):
        raise EvidenceError(_CODE, expected="a certificate of version 3", found=read.version.name)
    outer = DerReader(der, _CODE).inside(SEQUENCE)
    signed, algorithm, signature = outer.element(SEQUENCE), outer.element(SEQUENCE), outer.element(BIT_STRING)
    inner = DerReader(signed.body, _CODE)
    inner.optional(context(0))
    serial = inner.integer()
    stated, issuer = inner.element(SEQUENCE), inner.element(SEQUENCE)
    inner.element(SEQUENCE)  # validity
    subject = inner.element(SEQUENCE)
    if signature.body[:1] != b"\0":
        raise EvidenceError(_CODE, expected="a signature of whole bytes", found=signature.body[:1].hex())
    if stated.raw != algorithm.raw:
        raise EvidenceError(_CODE, expected="one algorithm inside and outside", found="two")
    return Certificate(der, signed.raw, algorithm.raw, signature.body[1:], serial, issuer.raw, subject.raw, read)


def parse_pem_certificate(text: str) -> Certificate:
    """Read one PEM block with nothing around it (`certificate-malformed`)."""
    shape = _PEM.match(text)
    if shape is None:
        raise EvidenceError(_CODE, expected="one PEM CERTIFICATE", found=text[:40])
    return parse_certificate(decode_base64("".join(shape[1].split()), _CODE))


def readable_certificates(ders: Iterable[bytes]) -> list[Certificate]:
    """Those that can be read: what a signer hands along may hold others, and they vouch for nobody."""
    found = []
    for der in ders:
        try:
            found.append(parse_certificate(der))
        except EvidenceError:
            continue
    return found


def format_pem_certificate(certificate: Certificate) -> str:
    """The PEM block, as OpenSSL writes it, without its last line end."""
    return certificate.x509.public_bytes(Encoding.PEM).decode("ascii").strip()


def name_text(name: x509.Name) -> str:
    """RFC 4514, at most 500 characters of it."""
    return name.rfc4514_string()[:500]


def _readable(name: x509.Name) -> bool:
    return all(isinstance(attribute.value, str | bytes) for attribute in name)
