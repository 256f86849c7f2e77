"""OpenPGP verification: pysequoia (pinned) where bindings matter, our own primary-key check where they do not.

pysequoia gives one generic error without a reason and takes no policy, so the reason is found here from the packets: hash, key, times,
revocation. Nothing is ever upgraded by an error: a signature is valid only when one of the two cryptographic checks says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pysequoia

from transparency.proofs.errors import EvidenceError, UnavailableError
from transparency.proofs.signatures.judge import Content, Outcome, Step, enrolled_step, unknown_step, window_step
from transparency.proofs.signatures.openpgp import BINARY_DOCUMENT, WEAK_HASHES, OpenPgpSignature
from transparency.proofs.signatures.openpgp_key import (
    OpenPgpCertificate,
    OpenPgpKey,
    check_by_primary,
    parse_openpgp_certificate,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from transparency.proofs.signatures.keys import EnrolledKey

CHUNK_BYTES = 1024 * 1024
Judgement = tuple[Outcome, str, str | None, tuple[Step, ...]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An enrolled certificate that holds the key that a signature names."""

    enrolled: EnrolledKey
    certificate: OpenPgpCertificate
    key: OpenPgpKey
    library: pysequoia.Cert


class OpenPgp:
    """Implements `proofs.signatures.judge.OpenPgpChecker`."""

    def judge(
        self, signature: OpenPgpSignature, content: Content, keys: Sequence[EnrolledKey], *, now: datetime
    ) -> Judgement:
        """Outcome, code, fingerprint and steps (2) to (5) of judge.py."""
        candidate = _find(signature, keys)
        if candidate is None:
            return "unknown-key", "unknown-key", signature.issuer or None, (unknown_step(signature.issuer, keys),)
        name = candidate.enrolled.fingerprint
        steps = [enrolled_step(name)]
        if refusal := _strength(signature, candidate, steps):
            return (*refusal, name, tuple(steps))
        held = _holds(signature, candidate, content, steps)
        outcome, code = _times(signature, candidate, now, steps) if held is None else ("invalid", held)
        return outcome, code, name, tuple(steps)


def _find(signature: OpenPgpSignature, keys: Sequence[EnrolledKey]) -> _Candidate | None:
    for enrolled in keys:
        data = enrolled.public.encode()
        certificate = parse_openpgp_certificate(data)
        for key in certificate.keys:
            if key.is_named(signature.issuer):
                try:
                    return _Candidate(enrolled, certificate, key, pysequoia.Cert.from_bytes(data))
                except RuntimeError as error:
                    raise UnavailableError(
                        "openpgp-key-unreadable", expected="a certificate", found=enrolled.fingerprint
                    ) from error
    return None


def _strength(signature: OpenPgpSignature, candidate: _Candidate, steps: list[Step]) -> tuple[Outcome, str] | None:
    strong = "SHA-256 or better; RSA of 2048 bits or more, or an elliptic curve"
    if signature.hash_algorithm in WEAK_HASHES:
        steps.append(Step("strong enough", "fails", strong, signature.hash_algorithm))
        return "weak", "weak-hash"
    if candidate.key.weak or candidate.certificate.keys[0].weak:
        bits = candidate.key.bits or candidate.certificate.keys[0].bits
        steps.append(Step("strong enough", "fails", strong, f"{signature.key_algorithm} of {bits} bits"))
        return "weak", "weak-key"
    steps.append(Step("strong enough", "holds", strong, f"{signature.key_algorithm}, {signature.hash_algorithm}"))
    return None


def _holds(signature: OpenPgpSignature, candidate: _Candidate, content: Content, steps: list[Step]) -> str | None:
    """None when the signature holds; else the code."""
    expected = "a signature over exactly these bytes"
    if signature.kind != BINARY_DOCUMENT:
        steps.append(
            Step("signature holds", "fails", "a signature over a binary document", f"type 0x{signature.kind:02x}")
        )
        return "signature-kind"
    if _library_accepts(signature, candidate, content):
        steps.append(Step("signature holds", "holds", expected, f"by {candidate.key.fingerprint}"))
        return None
    if not candidate.key.primary:
        steps.append(Step("signature holds", "fails", expected, f"refused for subkey {candidate.key.fingerprint}"))
        return "signature-mismatch"
    try:
        check_by_primary(signature, candidate.certificate, _chunks(content))
    except EvidenceError as error:
        steps.append(Step("signature holds", "fails", error.expected, error.found))
        return error.code
    found = f"by the enrolled primary key {candidate.key.fingerprint}; the certificate's own self-signature does not cover that time"
    steps.append(Step("signature holds", "holds", expected, found))
    return None


def _library_accepts(signature: OpenPgpSignature, candidate: _Candidate, content: Content) -> bool:
    def store(_names: list[str]) -> list[pysequoia.Cert]:
        return [candidate.library]

    packet = pysequoia.Sig.from_bytes(signature.packet)
    try:
        if content.path is not None:
            result = pysequoia.verify(file=Path(content.path), store=store, signature=packet)
        else:
            result = pysequoia.verify(bytes=content.data or b"", store=store, signature=packet)
    except RuntimeError:  # its only error, whatever the reason
        return False
    accepted = {item.certificate.upper() for item in result.valid_sigs}
    return candidate.certificate.fingerprint in accepted


def _times(signature: OpenPgpSignature, candidate: _Candidate, now: datetime, steps: list[Step]) -> tuple[Outcome, str]:
    window = window_step(candidate.enrolled, now)
    ends = candidate.library.expiration
    created = signature.created
    if candidate.library.is_revoked and not candidate.certificate.softly_revoked:
        steps.append(
            Step("key's time", "fails", "a key that is not revoked", "revoked as compromised or without a reason")
        )
        return "revoked", "key-revoked"
    if created is None or created > now:
        steps.append(Step("key's time", "fails", "a signature made before now", str(created)))
        return "invalid", "signed-in-future"
    if signature.expires and signature.expires <= now:
        steps.append(Step("key's time", "fails", f"a signature that lasts beyond {now}", str(signature.expires)))
        return "invalid", "signature-expired"
    if ends and created > ends:
        steps.append(Step("key's time", "fails", f"signed before the key expired at {ends}", f"signed at {created}"))
        return "invalid", "signed-after-expiry"
    over = bool(ends and ends <= now) or bool(candidate.library.is_revoked)
    if over or window.status == "fails":
        found = f"expired {ends}" if ends and ends <= now else "superseded or retired" if over else window.found
        steps.append(Step("key's time", "fails", window.expected if not over else "a key in use", found))
        steps.append(Step("valid when signed, by the signer's clock", "holds", found=str(created)))
        return "expired", "key-expired" if over else "key-window"
    steps.append(Step("key's time", "holds", window.expected, f"signed at {created} by the signer's clock"))
    return "valid", "valid"


def _chunks(content: Content) -> Iterator[bytes]:
    if content.path is None:
        yield content.data or b""
        return
    with Path(content.path).open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk
