"""OpenPGP verification: pysequoia (pinned) where bindings matter, our own primary-key check where they do not.

pysequoia gives one generic error without a reason and takes no policy, so the reason is found here from the packets: hash, key, times,
revocation. Nothing is ever upgraded by an error: a signature is valid only when one of the two cryptographic checks says so.
"""

from __future__ import annotations

import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pysequoia

from transparency.proofs.errors import EvidenceError, UnavailableError
from transparency.proofs.signatures.judge import (
    Content,
    Moments,
    Outcome,
    Step,
    enrolled_step,
    revoked_step,
    unknown_step,
)
from transparency.proofs.signatures.openpgp import BINARY_DOCUMENT, TEXT_DOCUMENT, WEAK_HASHES, OpenPgpSignature
from transparency.proofs.signatures.openpgp_key import (
    OpenPgpCertificate,
    OpenPgpKey,
    check_by_key,
    parse_openpgp_certificate,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from transparency.proofs.signatures.keys import EnrolledKey

CHUNK_BYTES = PIPE_BYTES = 1024 * 1024
MAPPED_BYTES = 256 * 1024 * 1024
Judgement = tuple[Outcome, str, str | None, tuple[Step, ...]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An enrolled certificate that holds the key that a signature names."""

    enrolled: EnrolledKey
    certificate: OpenPgpCertificate
    key: OpenPgpKey
    library: pysequoia.Cert

    @property
    def ends(self) -> datetime | None:
        """When the certificate expires; a certificate without a self-signature that counts now has no end that counts either."""
        try:
            return self.library.expiration
        except RuntimeError:
            return None

    @property
    def revoked(self) -> bool:
        try:
            return self.library.is_revoked
        except RuntimeError:
            return bool(self.certificate.revocation_reasons)


class OpenPgp:
    """Implements `proofs.signatures.judge.OpenPgpChecker`."""

    def judge(
        self,
        signature: OpenPgpSignature,
        content: Content,
        keys: Sequence[EnrolledKey],
        *,
        now: datetime,
        logged_at: datetime | None = None,
    ) -> Judgement:
        """Outcome, code, fingerprint and steps (2) to (5) of judge.py."""
        candidate = _find(signature, keys)
        if candidate is None:
            return "unknown-key", "unknown-key", signature.issuer or None, (unknown_step(signature.issuer, keys),)
        name = candidate.enrolled.fingerprint
        steps = [enrolled_step(name)]
        if candidate.enrolled.revoked:
            return "revoked", "key-revoked", name, (*steps, revoked_step())
        if refusal := _strength(signature, candidate, steps):
            return (*refusal, name, tuple(steps))
        held = _holds(signature, candidate, content, steps)
        moments = Moments(now, logged_at)
        outcome, code = _times(signature, candidate, moments, steps) if held is None else ("invalid", held)
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
    if signature.kind != (TEXT_DOCUMENT if content.text else BINARY_DOCUMENT):
        what = "a text" if content.text else "a binary document"
        steps.append(Step("signature holds", "fails", f"a signature over {what}", f"type 0x{signature.kind:02x}"))
        return "signature-kind"
    if _library_accepts(signature, candidate, content):
        steps.append(Step("signature holds", "holds", expected, f"by {candidate.key.fingerprint}"))
        return None
    try:
        check_by_key(signature, candidate.key, _chunks(content))
    except EvidenceError as error:
        steps.append(Step("signature holds", "fails", error.expected, error.found))
        return error.code
    if not candidate.key.primary:
        # The numbers are this subkey's, but nothing sound says that it was the certificate's to sign with at that time.
        bound = f"subkey {candidate.key.fingerprint} bound to the certificate when it signed"
        ends, created = candidate.ends, signature.created
        late = bool(ends and created and created > ends)
        found = (
            f"signed at {created}, after the key expired at {ends}" if late else "no binding that counts at that time"
        )
        steps.append(Step("signature holds", "fails", bound, found))
        return "signed-after-expiry" if late else "subkey-not-bound"
    found = f"by the enrolled primary key {candidate.key.fingerprint}; the certificate's own self-signature does not cover that time"
    steps.append(Step("signature holds", "holds", expected, found))
    return None


def _library_accepts(signature: OpenPgpSignature, candidate: _Candidate, content: Content) -> bool:
    def store(_names: list[str]) -> list[pysequoia.Cert]:
        return [candidate.library]

    try:
        packet = pysequoia.Sig.from_bytes(signature.packet)
        if content.path is not None:
            with _flat(Path(content.path)) as file:
                result = pysequoia.verify(file=file, store=store, signature=packet)
        else:
            result = pysequoia.verify(bytes=_signed_bytes(content), store=store, signature=packet)
    except RuntimeError:  # its only error, whatever the reason
        return False
    accepted = {item.certificate.upper() for item in result.valid_sigs}
    return candidate.certificate.fingerprint in accepted


@contextmanager
def _flat(path: Path) -> Iterator[Path]:
    """The file, or for a large one a pipe that it comes through: the library would map all of it into memory."""
    if path.stat().st_size <= MAPPED_BYTES:
        yield path
        return
    with subprocess.Popen(["cat", str(path)], stdout=subprocess.PIPE, pipesize=PIPE_BYTES) as reader:
        if reader.stdout is None:
            raise AssertionError("a pipe was asked for")
        try:
            yield Path(f"/proc/self/fd/{reader.stdout.fileno()}")
            reader.stdout.read()
        finally:
            # A reader that died would make every signature look wrong: that is no answer at all.
            reader.stdout.close()
            if reader.wait() not in {0, -signal.SIGPIPE}:
                raise UnavailableError(
                    "content-unreadable", expected="the whole file", found=f"exit {reader.returncode}"
                )


def _times(
    signature: OpenPgpSignature, candidate: _Candidate, moments: Moments, steps: list[Step]
) -> tuple[Outcome, str]:
    now, window = moments.now, moments.window_step(candidate.enrolled)
    ends = candidate.ends
    created = signature.created
    if candidate.revoked and not candidate.certificate.softly_revoked:
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
    # A key that ended since counts when our own log held this while it lasted; of a revocation we do not know since when.
    held_then = bool(ends and moments.logged_at and moments.logged_at < ends)
    over = bool(ends and ends <= now and not held_then) or bool(candidate.revoked)
    if over or window.status == "fails":
        found = f"expired {ends}" if ends and ends <= now else "superseded or retired" if over else window.found
        steps.append(Step("key's time", "fails", window.expected if not over else "a key in use", found))
        steps.append(Step("valid when signed, by the signer's clock", "holds", found=str(created)))
        return "expired", "key-expired" if over else "key-window"
    when = f"signed at {created} by the signer's clock"
    if held_then and ends and ends <= now:
        when = f"logged here at {moments.logged_at}, before the key expired at {ends}"
    steps.append(Step("key's time", "holds", window.expected, when))
    return "valid", "valid"


def _signed_bytes(content: Content) -> bytes:
    """A text is signed with CR LF (RFC 9580 section 5.2.4), everything else as it is."""
    data = content.data or b""
    return data.replace(b"\n", b"\r\n") if content.text else data


def _chunks(content: Content) -> Iterator[bytes]:
    """What is hashed: the file; of a text, its lines ended by CR LF."""
    if content.text:
        data = Path(content.path).read_bytes() if content.path is not None else content.data or b""
        yield data.replace(b"\n", b"\r\n")
        return
    if content.path is None:
        yield _signed_bytes(content)
        return
    with Path(content.path).open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk
