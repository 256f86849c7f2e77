r"""An enrolled certificate: the authority that vouches for a vendor's signers, the signer's own, or a time-stamp authority.

Its text is one PEM block, after at most one line that says what it counts for:

| line | means |
|---|---|
| none | any certificate below it that may sign code, mail or documents, and itself |
| `signer: email:…`, `dns:…`, `uri:…`, `subject:…` | only certificates that name exactly this, as an alternative name or as their subject |
| `use: time-stamps` | its time stamps (RFC 3161) are believed; it vouches for no signer |

Whoever enrols an authority that serves everybody must name the signer: without, all of its customers are the vendor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.certificate import (
    Certificate,
    format_pem_certificate,
    parse_pem_certificate,
)

_MALFORMED = "key-malformed"
_BEGIN = "-----BEGIN CERTIFICATE-----"
_SIGNER = re.compile(r"signer: ((?:email|dns|uri|subject):[^\s#](?:[^\r\n#]{0,118}[^\s#])?)\Z")
TIME_STAMPS = "use: time-stamps"


@dataclass(frozen=True, slots=True)
class X509Anchor:
    """The certificate, whom a signer's must name (empty: anybody), and whether it is for time stamps instead."""

    certificate: Certificate
    signer: str = ""
    stamps: bool = False

    @property
    def fingerprint(self) -> str:
        """The certificate's, and after `#` what it counts for, as one certificate may be enrolled for several."""
        what = "time-stamps" if self.stamps else self.signer
        return self.certificate.fingerprint + (f"#{what}" if what else "")

    @property
    def whom(self) -> str:
        return self.signer or "any signer that it vouches for"


def parse_x509_anchor(text: str) -> X509Anchor:
    """Read the text of an enrolled certificate; weak keys are refused (`key-malformed`, `key-weak`, `key-type`)."""
    head, begin, block = text.strip().partition(_BEGIN)
    said = head.strip()
    named = _SIGNER.match(said)
    if not begin or (said and said != TIME_STAMPS and named is None):
        expected = f"one PEM CERTIFICATE, after “signer: email:…” or “{TIME_STAMPS}” or nothing"
        raise EvidenceError(_MALFORMED, expected=expected, found=text.strip()[:60])
    try:
        certificate = parse_pem_certificate(begin + block)
        certificate.key, certificate.extensions  # noqa: B018 - both are read, or refused
    except EvidenceError as error:
        code = error.code if error.code.startswith("key-") else _MALFORMED
        raise EvidenceError(code, expected=error.expected, found=error.found) from error
    return X509Anchor(certificate, named[1] if named else "", said == TIME_STAMPS)


def format_x509_anchor(anchor: X509Anchor) -> str:
    """The text, in the one spelling that is kept."""
    line = f"{TIME_STAMPS}\n" if anchor.stamps else f"signer: {anchor.signer}\n" if anchor.signer else ""
    return line + format_pem_certificate(anchor.certificate)
