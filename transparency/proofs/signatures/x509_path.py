"""Chains of X.509 certificates from a signer's to an enrolled one (RFC 5280 section 6), with every rule that they can break.

A chain is first found by names and signatures alone, then checked. What is honoured: basic constraints, path length, key usage, extended
key usage of every certificate, name constraints. A critical extension that is not known here is refused, and so are
policy constraints that are critical. Revocation lists are not asked for. Time is the caller's: a chain has a window.

The anchor may be the signer's own certificate; then nothing vouches for it but the enrolment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.x509_algorithms import check_by_signing_key, signature_scheme
from transparency.proofs.signatures.x509_names import check_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from transparency.proofs.signatures.certificate import Certificate

# Longer chains than any authority in use has; and what one signature may cost us in the worst case.
MAX_LINKS = 8
MAX_TRIES = 64
CODE_SIGNING, EMAIL, DOCUMENTS = "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36"
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
# Not anyExtendedKeyUsage and not TLS: whoever gets a web server's key must not sign releases.
SIGNING = frozenset({CODE_SIGNING, EMAIL, DOCUMENTS})
_KNOWN = (
    x509.BasicConstraints,
    x509.KeyUsage,
    x509.ExtendedKeyUsage,
    x509.SubjectAlternativeName,
    x509.IssuerAlternativeName,
    x509.NameConstraints,
    x509.CertificatePolicies,
    x509.SubjectKeyIdentifier,
    x509.AuthorityKeyIdentifier,
)


@dataclass(frozen=True, slots=True)
class CertificatePath:
    """From the signer's certificate to the anchor, both included; they may be one."""

    certificates: tuple[Certificate, ...]

    @property
    def signer(self) -> Certificate:
        return self.certificates[0]

    @property
    def begins(self) -> datetime:
        return max(each.x509.not_valid_before_utc for each in self.certificates)

    @property
    def ends(self) -> datetime:
        """The earliest end of all of them."""
        return min(each.x509.not_valid_after_utc for each in self.certificates)

    def covers(self, moment: datetime) -> bool:
        return self.begins <= moment.replace(microsecond=0) <= self.ends

    @property
    def words(self) -> str:
        return " ← ".join(each.subject_text[:120] for each in self.certificates)


def find_path(signer: Certificate, pool: Sequence[Certificate], anchor: Certificate) -> CertificatePath | None:
    """The first chain by which `anchor` vouches for `signer`, through certificates of `pool`; None when there is none.

    A signature by SHA-1 or by a weak key vouches for nobody: anybody could have made it. Nor is looked for longer than `MAX_TRIES`.
    """
    return next(_chains((signer,), pool, anchor, [MAX_TRIES]), None)


def check_path(path: CertificatePath, purposes: frozenset[str]) -> None:
    """Raise when a certificate does not permit what it is used for: `chain-authority`, `chain-length`, `chain-usage`, `chain-purpose`,
    `chain-names`, `chain-extension`, and of keys `key-weak`, `key-type`, `key-malformed`.
    """
    for depth, certificate in enumerate(path.certificates):
        _check_extensions(certificate)
        certificate.key  # noqa: B018 - refuses weak keys
        if depth:
            _check_authority(certificate, authorities_below=depth - 1)
    _check_signer(path)
    _check_purposes(path, purposes)
    check_names(path.certificates)


def _chains(
    found: tuple[Certificate, ...],
    pool: Sequence[Certificate],
    anchor: Certificate,
    tries: list[int],
) -> Iterator[CertificatePath]:
    last = found[-1]
    if last == anchor:
        yield CertificatePath(found)
        return
    if len(found) == MAX_LINKS:
        return
    for issuer in (anchor, *pool):
        if issuer.subject != last.issuer or issuer in found or not tries[0]:
            continue
        tries[0] -= 1
        try:
            check_by_signing_key(
                last.signature, issuer.key, signature_scheme(last.algorithm, "chain-algorithm"), last.signed
            )
        except EvidenceError:
            continue
        yield from _chains((*found, issuer), pool, anchor, tries)


def _check_extensions(certificate: Certificate) -> None:
    for extension in certificate.extensions:
        if extension.critical and not isinstance(extension.value, _KNOWN):
            found = f"{extension.oid.dotted_string}, critical"
            raise EvidenceError("chain-extension", expected="extensions that are known here", found=found)


def _check_authority(certificate: Certificate, *, authorities_below: int) -> None:
    basic, usage = certificate.extension(x509.BasicConstraints), certificate.extension(x509.KeyUsage)
    if basic is None or not basic.ca:
        raise EvidenceError("chain-authority", expected="an authority", found=certificate.subject_text)
    if basic.path_length is not None and authorities_below > basic.path_length:
        expected = f"at most {basic.path_length} authorities below {certificate.subject_text}"
        raise EvidenceError("chain-length", expected=expected, found=str(authorities_below))
    if usage is not None and not usage.key_cert_sign:
        raise EvidenceError("chain-usage", expected="a key that may sign certificates", found=certificate.subject_text)


def _check_signer(path: CertificatePath) -> None:
    usage = path.signer.extension(x509.KeyUsage)
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise EvidenceError("chain-usage", expected="a key that may sign content", found=path.signer.subject_text)
    if usage is None and path.signer.is_authority and len(path.certificates) > 1:
        raise EvidenceError("chain-usage", expected="a signer that is no authority", found=path.signer.subject_text)


def _check_purposes(path: CertificatePath, purposes: frozenset[str]) -> None:
    """The signer's must be one of `purposes`, where it says what it is for; every authority above it must permit it too."""
    allowed = purposes
    for certificate in path.certificates:
        stated = certificate.purposes
        if stated is None:
            continue
        allowed &= stated
        if not allowed:
            expected, found = ", ".join(sorted(purposes)), ", ".join(sorted(stated))
            raise EvidenceError("chain-purpose", expected=f"one of {expected}", found=found[:200])
