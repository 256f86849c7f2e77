"""Time-stamp tokens (RFC 3161): a third party's word that some bytes existed at a time, as an unsigned attribute of a CMS signature.

A token is a CMS signature over a TSTInfo. It counts when the time-stamp authority's certificate leads to an enrolled one, is for time
stamps and nothing else, is named by the token's signed attributes, was valid at that time, and the token is over exactly these bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.certificate import Certificate, readable_certificates
from transparency.proofs.signatures.cms import (
    TIME_STAMP,
    CmsSignature,
    check_cms,
    hashed_bytes,
    parse_signed_data,
    signing_certificates,
)
from transparency.proofs.signatures.der import INTEGER, SEQUENCE, DerReader
from transparency.proofs.signatures.x509_algorithms import digest_algorithm
from transparency.proofs.signatures.x509_path import TIME_STAMPING, check_path, find_path

if TYPE_CHECKING:
    from datetime import datetime

# A time-stamp authority's clock may run ahead of ours by this much.
MAX_AHEAD = timedelta(minutes=5)
_CODE = "timestamp-malformed"


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """What a token says: the digest of the stamped bytes, and when. `latest` adds the accuracy that the authority claims."""

    token: CmsSignature
    algorithm: bytes
    imprint: bytes
    time: datetime
    latest: datetime


def parse_timestamp(data: bytes) -> TimeStamp:
    """Read a token (`timestamp-malformed`, `cms-…`); nothing is checked by reading."""
    token = parse_signed_data(data)
    if token.content_type != TIME_STAMP or token.content is None:
        raise EvidenceError(_CODE, expected="a token with its TSTInfo", found=token.content_type)
    outer = DerReader(token.content, _CODE)
    reader = outer.inside(SEQUENCE)
    outer.end()
    version = reader.integer()
    if version != 1:
        raise EvidenceError(_CODE, expected="version 1", found=str(version)[:20])
    reader.oid()
    imprint = reader.inside(SEQUENCE)
    algorithm, value = imprint.element(SEQUENCE).raw, imprint.octets()
    imprint.end()
    reader.integer()
    moment = reader.time()
    accuracy = reader.optional(SEQUENCE)
    reader.rest()  # ordering, nonce, name and extensions say nothing of the time
    return TimeStamp(token, algorithm, value, moment, moment + _accuracy(accuracy.body if accuracy else b""))


def check_timestamp(stamp: TimeStamp, stamped: bytes, anchor: Certificate, *, now: datetime) -> str:
    """Return the authority's subject; raise unless the token holds over `stamped` and leads to `anchor`: `timestamp-imprint`,
    `timestamp-authority` (no chain), `timestamp-purpose`, `timestamp-time`, `chain-…`, `cms-…`, `weak-hash`, `signature-…`.
    """
    name = digest_algorithm(stamp.algorithm, _CODE)
    if hashlib.new(name, stamped).digest() != stamp.imprint:
        raise EvidenceError("timestamp-imprint", expected="a token over this signature", found=stamp.imprint.hex()[:64])
    pool = readable_certificates(stamp.token.certificates)
    signer = next((each for each in (*pool, anchor) if stamp.token.signer.is_by(each)), None)
    path = find_path(signer, pool, anchor) if signer else None
    if signer is None or path is None:
        raise EvidenceError("timestamp-authority", expected=anchor.subject_text, found="no chain to it")
    check_path(path, frozenset({TIME_STAMPING}))
    _check_purpose(signer)
    if not signing_certificates(stamp.token.signer):
        raise EvidenceError("timestamp-malformed", expected="a token that names its certificate", found="none named")
    check_cms(stamp.token, signer, hashed_bytes(stamp.token.content or b""))
    if not path.covers(stamp.time) or stamp.time > now + MAX_AHEAD:
        raise EvidenceError(
            "timestamp-time", expected=f"{path.begins} to {path.ends}, not ahead", found=str(stamp.time)
        )
    return signer.subject_text


def _check_purpose(signer: Certificate) -> None:
    """RFC 3161 section 2.3: one extended key usage, critical."""
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound as error:
        raise EvidenceError(
            "timestamp-purpose", expected="a certificate for time stamps", found="one for all"
        ) from error
    if not usage.critical or signer.purposes != frozenset({TIME_STAMPING}):
        found = ", ".join(sorted(signer.purposes or ()))
        raise EvidenceError("timestamp-purpose", expected="for time stamps alone, and critical", found=found[:200])


def _accuracy(body: bytes) -> timedelta:
    """Seconds, [0] thousandths, [1] millionths; each may be left out."""
    total = timedelta()
    for element in DerReader(body, _CODE).rest():
        units = {INTEGER: "seconds", 0x80: "milliseconds", 0x81: "microseconds"}
        value = int.from_bytes(element.body, "big", signed=True)
        if element.tag not in units or not 0 <= value < 1 << 31:
            raise EvidenceError(_CODE, expected="an accuracy", found=element.raw[:8].hex())
        total += timedelta(**{units[element.tag]: value})
    return total
