"""What signatures over a delivered file are worth, against the keys enrolled for its product (EDGES, Signatures).

Steps of each signature, in order: (1) readable, (2) key enrolled, (3) strong enough, (4) key's time, (5) signature holds.

| outcome | code | when |
|---|---|---|
| valid | valid | an enrolled key signed exactly these bytes |
| invalid | signature-mismatch and others of the formats | an enrolled key's signature does not fit, or has the wrong namespace |
| invalid | signature-unreadable | not a signature, or not a detached one |
| invalid | signed-after-expiry, signature-expired, signed-in-future | the times contradict each other |
| unsigned | unsigned | nothing was handed in |
| unknown-key | unknown-key | the key is not enrolled; changes nothing |
| expired | key-expired, key-window | the key's time, or its enrolment's, is over |
| revoked | key-revoked | revoked as compromised, or without a reason |
| weak | weak-hash, weak-key | SHA-1, MD5, RIPEMD-160; RSA under 2048 bits, DSA |
| unavailable | content-needed, … | could not be decided now |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.minisign import (
    MinisignSignature,
    check_minisign,
    parse_minisign,
    parse_minisign_key,
)
from transparency.proofs.signatures.openpgp import OpenPgpSignature, parse_openpgp_signatures
from transparency.proofs.signatures.sshsig import (
    SshSignature,
    check_sshsig,
    parse_ssh_public_key,
    parse_sshsig,
    ssh_fingerprint,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from transparency.proofs.signatures.keys import EnrolledKey

POLICY = "signatures/1"
Outcome = Literal["valid", "invalid", "unsigned", "unknown-key", "expired", "revoked", "weak", "unavailable"]
SignatureFormat = Literal["sshsig", "openpgp", "minisign"]
StepStatus = Literal["holds", "fails", "not checked"]
# The worst of several enrolled keys' findings decides when none is invalid and none is valid.
_ORDER: tuple[Outcome, ...] = ("revoked", "weak", "expired", "unavailable", "unknown-key")


@dataclass(frozen=True, slots=True)
class FileDigests:
    """Size in bytes and raw digests of the file as delivered."""

    size: int
    sha256: bytes
    sha512: bytes
    blake2b512: bytes


@dataclass(frozen=True, slots=True)
class Content:
    """The file itself: its bytes, or a path that only gateways open."""

    data: bytes | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at."""

    name: str
    status: StepStatus
    expected: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True)
class SignatureFinding:
    """What became of one signature. `file` is the position of the file it came in; `key` the fingerprint or issuer it names."""

    file: int
    format: SignatureFormat | None
    key: str | None
    outcome: Outcome
    code: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The machine's outcome over all signatures, with the policy that gave it."""

    outcome: Outcome
    code: str
    findings: tuple[SignatureFinding, ...]
    policy: str = POLICY


class OpenPgpChecker(Protocol):
    """What gateways/openpgp.py does: the outcome of one OpenPGP signature, as (outcome, code, key, steps)."""

    def judge(
        self, signature: OpenPgpSignature, content: Content, keys: Sequence[EnrolledKey], *, now: datetime
    ) -> tuple[Outcome, str, str | None, tuple[Step, ...]]: ...


def sniff_format(signature: bytes) -> SignatureFormat:
    """Which of the three formats a signature file has (`signature-unreadable`)."""
    head = signature.lstrip()[:64]
    if head.startswith((b"-----BEGIN SSH SIGNATURE-----", b"SSHSIG")):
        return "sshsig"
    if head.startswith(b"-----BEGIN PGP ") or (signature[:1] and signature[0] & 0x80):
        return "openpgp"
    if head.startswith(b"untrusted comment:"):
        return "minisign"
    raise EvidenceError(
        "signature-unreadable", expected="an SSH, OpenPGP or minisign signature", found=repr(signature[:24])
    )


def judge_signature(
    signature: bytes,
    digests: FileDigests,
    keys: Sequence[EnrolledKey],
    *,
    now: datetime,
    content: Content | None = None,
    openpgp: OpenPgpChecker | None = None,
    position: int = 0,
) -> tuple[SignatureFinding, ...]:
    """Findings of one signature file: one, but for an OpenPGP file with several signatures."""
    kind: SignatureFormat | None = None
    try:
        kind = sniff_format(signature)
        if kind == "sshsig":
            return (_judge_ssh(parse_sshsig(signature), digests, keys, now, position),)
        if kind == "minisign":
            return (_judge_minisign(parse_minisign(signature), digests, keys, now, content, position),)
        parsed = parse_openpgp_signatures(signature)
    except EvidenceError as error:
        unreadable = Step("readable", "fails", error.expected, error.found)
        code = error.code if error.code == "openpgp-not-detached" else "signature-unreadable"
        return (SignatureFinding(position, kind, None, "invalid", code, (unreadable,)),)
    certificates = [key for key in keys if key.format == "openpgp"]
    findings = []
    for item in parsed:
        if openpgp is None or content is None:
            step = Step("signature holds", "not checked", "the signed file and an OpenPGP library", "neither or one")
            findings.append(
                SignatureFinding(position, "openpgp", item.issuer, "unavailable", "content-needed", (step,))
            )
            continue
        outcome, code, key, steps = openpgp.judge(item, content, certificates, now=now)
        findings.append(SignatureFinding(position, "openpgp", key, outcome, code, (_readable("OpenPGP"), *steps)))
    return tuple(findings)


def judge_all(
    signatures: Iterable[bytes],
    digests: FileDigests | None,
    keys: Sequence[EnrolledKey],
    *,
    now: datetime,
    content: Content | None,
    openpgp: OpenPgpChecker | None,
) -> Verdict:
    """Valid needs a valid signature by an enrolled key; an invalid one by an enrolled key, or an unreadable file, spoils all."""
    findings: list[SignatureFinding] = []
    for position, signature in enumerate(signatures):
        if digests is None:
            raise AssertionError("signatures over nothing")
        findings += judge_signature(
            signature, digests, keys, now=now, content=content, openpgp=openpgp, position=position
        )
    if not findings:
        return Verdict("unsigned", "unsigned", ())
    for wanted in ("invalid", "valid", *_ORDER):
        for finding in findings:
            if finding.outcome == wanted:
                return Verdict(finding.outcome, finding.code, tuple(findings))
    raise AssertionError("an outcome without a place in the order")


def _judge_ssh(
    signature: SshSignature, digests: FileDigests, keys: Sequence[EnrolledKey], now: datetime, position: int
) -> SignatureFinding:
    named = ssh_fingerprint(signature.public)
    key = next((key for key in keys if key.format == "ssh" and key.fingerprint == named), None)
    if key is None:
        return _unknown(position, "sshsig", "SSH", named, keys)
    digest = {"sha256": digests.sha256, "sha512": digests.sha512}[signature.hash_algorithm]
    try:
        check_sshsig(signature, digest, public=parse_ssh_public_key(key.public), namespaces=key.namespaces)
    except EvidenceError as error:
        return _failed(position, "sshsig", "SSH", key, error)
    return _held(position, "sshsig", "SSH", key, now)


def _judge_minisign(
    signature: MinisignSignature,
    digests: FileDigests,
    keys: Sequence[EnrolledKey],
    now: datetime,
    content: Content | None,
    position: int,
) -> SignatureFinding:
    named = signature.key_id[::-1].hex().upper()
    key = next((key for key in keys if key.format == "minisign" and key.fingerprint == named), None)
    if key is None:
        return _unknown(position, "minisign", "minisign", named, keys)
    try:
        message = content.data if content else None
        check_minisign(signature, parse_minisign_key(key.public), message=message, blake2b512=digests.blake2b512)
    except EvidenceError as error:
        if error.code == "content-needed":
            step = Step("signature holds", "not checked", error.expected, error.found)
            return SignatureFinding(
                position, "minisign", named, "unavailable", error.code, (_readable("minisign"), step)
            )
        return _failed(position, "minisign", "minisign", key, error)
    return _held(position, "minisign", "minisign", key, now)


def window_step(key: EnrolledKey, now: datetime) -> Step:
    """Whether the enrolment's own window covers `now`."""
    expected = f"from {key.valid_from or 'no beginning'} to {key.valid_until or 'no end'}"
    return Step("key's time", "holds" if key.covers(now) else "fails", expected, str(now.replace(microsecond=0)))


def _held(position: int, kind: SignatureFormat, name: str, key: EnrolledKey, now: datetime) -> SignatureFinding:
    window = window_step(key, now)
    steps = (
        _readable(name),
        enrolled_step(key.fingerprint),
        window,
        Step("signature holds", "holds", found="over exactly these bytes"),
    )
    if window.status == "fails":
        return SignatureFinding(position, kind, key.fingerprint, "expired", "key-window", steps)
    return SignatureFinding(position, kind, key.fingerprint, "valid", "valid", steps)


def _failed(
    position: int, kind: SignatureFormat, name: str, key: EnrolledKey, error: EvidenceError
) -> SignatureFinding:
    steps = (
        _readable(name),
        enrolled_step(key.fingerprint),
        Step("signature holds", "fails", error.expected, error.found),
    )
    return SignatureFinding(position, kind, key.fingerprint, "invalid", error.code, steps)


def _unknown(
    position: int, kind: SignatureFormat, name: str, named: str, keys: Sequence[EnrolledKey]
) -> SignatureFinding:
    return SignatureFinding(
        position, kind, named, "unknown-key", "unknown-key", (_readable(name), unknown_step(named, keys))
    )


def unknown_step(named: str, keys: Sequence[EnrolledKey]) -> Step:
    """The step that says that a key is not enrolled, and which ones are."""
    return Step(
        "key enrolled",
        "fails",
        ", ".join(key.fingerprint for key in keys[:5]) or "an enrolled key; there is none",
        named,
    )


def _readable(name: str) -> Step:
    return Step("readable", "holds", found=f"{name} signature")


def enrolled_step(fingerprint: str) -> Step:
    """The step that says that a key is enrolled."""
    return Step("key enrolled", "holds", found=fingerprint)
