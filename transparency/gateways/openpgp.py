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
from transparency.proofs.signatures.openpgp_check import check_by_key
from transparency.proofs.signatures.openpgp_key import OpenPgpCertificate, OpenPgpKey, parse_openpgp_certificate
from transparency.proofs.signatures.openpgp_life import SubkeyLife, certificate_end, certificate_revoked, life_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from transparency.proofs.signatures.keys import EnrolledKey

CHUNK_BYTES = PIPE_BYTES = 1024 * 1024
MAPPED_BYTES = 256 * 1024 * 1024
Judgement = tuple[Outcome, str, str | None, tuple[Step, ...]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An enrolled certificate that holds the key that a signature names. `life`: of a subkey; `library`: None for weak keys."""

    enrolled: EnrolledKey
    certificate: OpenPgpCertificate
    key: OpenPgpKey
    life: SubkeyLife | None
    library: pysequoia.Cert | None

    @property
    def named(self) -> str:
        """The key that signed, for steps."""
        return f"{'key' if self.key.primary else 'subkey'} {self.key.fingerprint}"

    @property
    def weak(self) -> OpenPgpKey | None:
        """The first of the signing key and its primary that is too weak."""
        return next((key for key in (self.key, self.certificate.keys[0]) if key.weak), None)

    @property
    def end(self) -> tuple[datetime, str] | None:
        """When the key that signed ends, and what then ends: the certificate or, if that is earlier, the subkey itself."""
        certificate, own = self._certificate_end(), self.life.ends if self.life else None
        if own and (certificate is None or own < certificate):
            return own, self.named
        return (certificate, f"certificate {self.certificate.fingerprint}") if certificate else None

    def _certificate_end(self) -> datetime | None:
        try:
            return self.library.expiration if self.library else None
        except RuntimeError:  # it counts none of the self-signatures; an end that they say is an end all the same
            return certificate_end(self.certificate)

    @property
    def revoked(self) -> bool:
        """Whether the certificate is revoked, for whatever reason."""
        try:
            known = self.library.is_revoked if self.library else bool(self.certificate.revocation_reasons)
        except RuntimeError:
            known = bool(self.certificate.revocation_reasons)
        # The library computes by no RSA key of more than 4096 bits, so it does not see what such a key says of itself.
        return known or certificate_revoked(self.certificate)

    @property
    def compromised(self) -> str | None:
        """What its owner revoked as compromised or without a reason: certificate or subkey."""
        if self.revoked and not self.certificate.softly_revoked:
            return f"certificate {self.certificate.fingerprint}"
        return self.named if self.life and self.life.compromised else None


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
        if candidate.compromised:
            found = f"{candidate.compromised}, revoked by its owner as compromised or without a reason"
            step = Step("key's time", "fails", "a key that is not revoked", found)
            return "revoked", "key-revoked", name, (*steps, step)
        if refusal := _strength(signature, candidate, steps):
            return (*refusal, name, tuple(steps))
        held = _holds(signature, candidate, content, steps)
        moments = Moments(now, logged_at)
        outcome, code = _times(signature, candidate, moments, steps) if held is None else held
        return outcome, code, name, tuple(steps)


def _find(signature: OpenPgpSignature, keys: Sequence[EnrolledKey]) -> _Candidate | None:
    """The certificate that the named key belongs to; where several hold it, one that it is bound to, as anybody can copy a subkey."""
    certificates = ((enrolled, parse_openpgp_certificate(enrolled.public.encode())) for enrolled in keys)
    found = [
        (enrolled, certificate, key, None if key.primary else life_of(certificate, key))
        for enrolled, certificate in certificates
        for key in certificate.keys
        if key.is_named(signature.issuer)
    ]
    if not found:
        return None
    order = ("sound", "weak", "none")
    best = min(found, key=lambda item: order.index(item[3].binding) if item[3] else 0)
    enrolled, certificate, key, life = best
    weak = key.weak or certificate.keys[0].weak
    return _Candidate(enrolled, certificate, key, life, None if weak else _read(enrolled))


def _read(enrolled: EnrolledKey) -> pysequoia.Cert:
    try:
        return pysequoia.Cert.from_bytes(enrolled.public.encode())
    except RuntimeError as error:
        raise UnavailableError(
            "openpgp-key-unreadable", expected="a certificate", found=enrolled.fingerprint
        ) from error


def _strength(signature: OpenPgpSignature, candidate: _Candidate, steps: list[Step]) -> tuple[Outcome, str] | None:
    strong = "SHA-256 or better; RSA of 2048 bits or more, or an elliptic curve"
    if signature.hash_algorithm in WEAK_HASHES:
        steps.append(Step("strong enough", "fails", strong, signature.hash_algorithm))
        return "weak", "weak-hash"
    if (weak := candidate.weak) and weak.fault:
        found = f"{weak.fault.found}, in key {weak.fingerprint}"
        steps.append(Step("strong enough", "fails", weak.fault.expected, found))
        return "weak", "weak-key"
    steps.append(Step("strong enough", "holds", strong, f"{signature.key_algorithm}, {signature.hash_algorithm}"))
    return None


def _holds(
    signature: OpenPgpSignature, candidate: _Candidate, content: Content, steps: list[Step]
) -> tuple[Outcome, str] | None:
    """None when the signature holds; else outcome and code."""
    expected = "a signature over exactly these bytes"
    if signature.kind != (TEXT_DOCUMENT if content.text else BINARY_DOCUMENT):
        what = "a text" if content.text else "a binary document"
        steps.append(Step("signature holds", "fails", f"a signature over {what}", f"type 0x{signature.kind:02x}"))
        return "invalid", "signature-kind"
    accepted = _library_accepts(signature, candidate, content)
    if not accepted:
        try:
            check_by_key(signature, candidate.key, _chunks(content))
        except EvidenceError as error:
            steps.append(Step("signature holds", "fails", error.expected, error.found))
            return "invalid", error.code
    steps.append(Step("signature holds", "holds", expected, f"by {candidate.named}"))
    if candidate.life is not None:
        return _binding(signature, candidate, candidate.life, steps, accepted=accepted)
    if not accepted:
        # The numbers are the enrolled primary key's own, and it needs nobody's word to be that.
        found = "the enrolled primary key itself; the library counts none of its self-signatures at that time"
        steps.append(Step("key bound", "holds", found=found))
    return None


def _binding(
    signature: OpenPgpSignature, candidate: _Candidate, life: SubkeyLife, steps: list[Step], *, accepted: bool
) -> tuple[Outcome, str] | None:
    """Whether the numbers of a subkey count as the certificate's; None when they do, or when its time alone decides."""
    wanted = f"{candidate.named} bound to the certificate when it signed"
    if accepted and life.binding != "none":
        steps.append(Step("key bound", "holds", wanted, f"bound since {life.since}"))
        return None
    end, created = candidate.end, signature.created
    if life.binding != "none" and end and created and created > end[0]:
        return None  # whatever else the library holds against it: it was over, as the next step says
    if life.binding == "weak":
        steps.append(Step("key bound", "fails", wanted, "bound by SHA-1 or another hash that does not count any more"))
        return "weak", "weak-binding"
    if life.binding == "none":
        found = "no binding to sign by the primary key, with the subkey's consent"
    elif life.since and created and created < life.since:
        found = f"bound since {life.since}, signed at {created}"
    else:
        found = "bound, but not to sign" if not life.may_sign else "no binding that counts at that time"
    steps.append(Step("key bound", "fails", wanted, found))
    return "invalid", "subkey-not-bound"


def _library_accepts(signature: OpenPgpSignature, candidate: _Candidate, content: Content) -> bool:
    library = candidate.library
    if library is None:
        raise AssertionError("weak keys are not asked for")

    def store(_names: list[str]) -> list[pysequoia.Cert]:
        return [library]

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
    ends, what = candidate.end or (None, candidate.named)
    created = signature.created
    if created is None or created > now:
        steps.append(Step("key's time", "fails", "a signature made before now", str(created)))
        return "invalid", "signed-in-future"
    if signature.expires and signature.expires <= now:
        steps.append(Step("key's time", "fails", f"a signature that lasts beyond {now}", str(signature.expires)))
        return "invalid", "signature-expired"
    if ends and created > ends:
        steps.append(Step("key's time", "fails", f"signed before {what} ended at {ends}", f"signed at {created}"))
        return "invalid", "signed-after-expiry"
    # A key that ended since counts when our own log held this while it lasted; of a revocation we do not know since when.
    held_then = bool(ends and moments.logged_at and moments.logged_at < ends)
    over = bool(ends and ends <= now and not held_then) or candidate.revoked
    if over or window.status == "fails":
        found = f"{what} ended at {ends}" if ends and ends <= now else "superseded or retired" if over else window.found
        steps.append(Step("key's time", "fails", window.expected if not over else "a key in use", found))
        steps.append(Step("valid when signed, by the signer's clock", "holds", found=str(created)))
        return "expired", "key-expired" if over else "key-window"
    when = f"signed at {created} by the signer's clock"
    if held_then and ends and ends <= now:
        when = f"logged here at {moments.logged_at}, before {what} ended at {ends}"
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
