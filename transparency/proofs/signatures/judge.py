"""What signatures over a delivered file are worth, against the keys enrolled for its product (EDGES, Signatures).

Steps of each signature: (1) readable, (2) key enrolled, (3) strong enough, (4) key's time, (5) signature holds.
Of OpenPGP (4) comes last, after (6) key bound. Of CMS see cms_judge.py.

| outcome | code | when |
|---|---|---|
| valid | valid | an enrolled key signed exactly these bytes |
| invalid | signature-mismatch and others of the formats | an enrolled key's signature does not fit, or has the wrong namespace |
| invalid | signature-unreadable | not a signature, or not a detached one |
| invalid | signed-after-expiry, signature-expired, signed-in-future | the times contradict each other |
| invalid | subkey-not-bound | the certificate's primary key does not say that this subkey may sign for it |
| unsigned | unsigned | nothing was handed in |
| unknown-key | unknown-key | the key is not enrolled; changes nothing |
| expired | key-expired, key-window | the key's time, its certificate's, or its enrolment's, is over |
| revoked | key-revoked | revoked as compromised, or without a reason, by its owner or by who enrolled it |
| weak | weak-hash, weak-key | SHA-1, MD5, RIPEMD-160; RSA under 2048 bits, DSA, numbers that anybody can sign by |
| weak | weak-binding | the subkey is its certificate's by such a hash alone |
| invalid | chain-…, cms-…, certificate-not-yet | of CMS: the chain does not permit it, or what was signed is not this content |
| unavailable | content-needed, content-too-large, … | could not be decided now |

Time: a key that is over now still gives `valid` when our own log held these bytes with this signature while it was not (`logged_at`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.cms import parse_cms
from transparency.proofs.signatures.cms_judge import CmsCase, judge_cms
from transparency.proofs.signatures.cosign import CosignSignature, check_cosign, is_cosign, parse_cosign
from transparency.proofs.signatures.findings import (
    MAX_WHOLE_BYTES,
    POLICY,
    Content,
    FileDigests,
    Moments,
    Outcome,
    SignatureFinding,
    SignatureFormat,
    Step,
    StepStatus,
    Verdict,
    enrolled_step,
    readable_step,
    revoked_step,
    unknown_step,
)
from transparency.proofs.signatures.minisign import (
    MinisignSignature,
    check_minisign,
    parse_minisign,
    parse_minisign_key,
)
from transparency.proofs.signatures.openpgp import OpenPgpSignature, parse_openpgp_signatures
from transparency.proofs.signatures.pem import parse_pem_key
from transparency.proofs.signatures.signify import SignifySignature, check_signify, parse_signify, parse_signify_key
from transparency.proofs.signatures.sshsig import (
    SshSignature,
    check_sshsig,
    parse_ssh_public_key,
    parse_sshsig,
    ssh_fingerprint,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from transparency.proofs.signatures.keys import EnrolledKey

__all__ = [
    "MAX_WHOLE_BYTES",
    "POLICY",
    "Content",
    "FileDigests",
    "Moments",
    "OpenPgpChecker",
    "Outcome",
    "SignatureFinding",
    "SignatureFormat",
    "Step",
    "StepStatus",
    "Verdict",
    "enrolled_step",
    "judge_all",
    "judge_signature",
    "revoked_step",
    "sniff_format",
    "unknown_step",
]
_CMS_HEADS = (b"-----BEGIN PKCS7-----", b"-----BEGIN CMS-----", b"-----BEGIN SIGNED MESSAGE-----")
# What is wrong with a file that can be read, in a code of its own.
_SAID = frozenset({"openpgp-not-detached", "signature-kind", "cms-attached", "cms-attributes", "cms-signers"})
# The worst of several enrolled keys' findings decides when none is invalid and none is valid.
_ORDER: tuple[Outcome, ...] = ("revoked", "weak", "expired", "unavailable", "unknown-key")


class OpenPgpChecker(Protocol):
    """What gateways/openpgp.py does: the outcome of one OpenPGP signature, as (outcome, code, key, steps)."""

    def judge(
        self,
        signature: OpenPgpSignature,
        content: Content,
        keys: Sequence[EnrolledKey],
        *,
        now: datetime,
        logged_at: datetime | None = None,
    ) -> tuple[Outcome, str, str | None, tuple[Step, ...]]: ...


def sniff_format(signature: bytes) -> SignatureFormat:
    """Which of the six formats a signature file has (`signature-unreadable`)."""
    if is_cosign(
        signature
    ):  # before the others: a line of base64 may begin with any letter, and "0" is DER's first byte
        return "cosign"
    head = signature.lstrip()[:64]
    if signature[:1] == b"\x30" or head.startswith(_CMS_HEADS):
        return "cms"
    if head.startswith((b"-----BEGIN SSH SIGNATURE-----", b"SSHSIG")):
        return "sshsig"
    if head.startswith(b"-----BEGIN PGP ") or (signature[:1] and signature[0] & 0x80):
        return "openpgp"
    if head.startswith(b"untrusted comment:"):
        return "minisign" if b"\ntrusted comment:" in signature else "signify"
    raise EvidenceError(
        "signature-unreadable",
        expected="an SSH, OpenPGP, minisign, signify, CMS or cosign signature",
        found=repr(signature[:24]),
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
    logged_at: datetime | None = None,
) -> tuple[SignatureFinding, ...]:
    """Findings of one signature file: one, but for an OpenPGP file with several signatures."""
    kind: SignatureFormat | None = None
    case = _Case(position, digests, keys, Moments(now, logged_at), content or Content())
    try:
        kind = sniff_format(signature)
        _refuse_other_than_text(kind, case.content)
        if kind != "openpgp":
            return (_judge_one(kind, signature, case),)
        parsed = parse_openpgp_signatures(signature)
    except EvidenceError as error:
        unreadable = Step("readable", "fails", error.expected, error.found)
        code = error.code if error.code in _SAID else "signature-unreadable"
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
        outcome, code, key, steps = openpgp.judge(item, content, certificates, now=now, logged_at=logged_at)
        findings.append(SignatureFinding(position, "openpgp", key, outcome, code, (readable_step("OpenPGP"), *steps)))
    return tuple(findings)


def _judge_one(kind: SignatureFormat, signature: bytes, case: _Case) -> SignatureFinding:
    """Of a format whose files hold one signature."""
    if kind == "sshsig":
        return _judge_ssh(parse_sshsig(signature), case)
    if kind == "minisign":
        return _judge_minisign(parse_minisign(signature), case)
    if kind == "signify":
        return _judge_signify(parse_signify(signature), case)
    if kind == "cosign":
        return _judge_cosign(parse_cosign(signature), case)
    cms = CmsCase(case.digests, case.keys, case.moments, case.content)
    return SignatureFinding(case.position, "cms", *judge_cms(parse_cms(signature), cms))


def _refuse_other_than_text(kind: SignatureFormat, content: Content) -> None:
    if content.text and kind != "openpgp":
        raise EvidenceError("signature-kind", expected="an OpenPGP signature over a text", found=kind)


def judge_all(
    signatures: Iterable[bytes],
    digests: FileDigests | None,
    keys: Sequence[EnrolledKey],
    *,
    now: datetime,
    content: Content | None,
    openpgp: OpenPgpChecker | None,
    logged_at: datetime | None = None,
) -> Verdict:
    """Valid needs a valid signature by an enrolled key; an invalid one by an enrolled key, or an unreadable file, spoils all."""
    findings: list[SignatureFinding] = []
    for position, signature in enumerate(signatures):
        if digests is None:
            raise AssertionError("signatures over nothing")
        findings += judge_signature(
            signature,
            digests,
            keys,
            now=now,
            content=content,
            openpgp=openpgp,
            position=position,
            logged_at=logged_at,
        )
    if not findings:
        return Verdict("unsigned", "unsigned", ())
    for wanted in ("invalid", "valid", *_ORDER):
        for finding in findings:
            if finding.outcome == wanted:
                return Verdict(finding.outcome, finding.code, tuple(findings))
    raise AssertionError("an outcome without a place in the order")


def _judge_ssh(signature: SshSignature, case: _Case) -> SignatureFinding:
    key = case.find("ssh", ssh_fingerprint(signature.public))
    if key is None:
        return case.unknown("sshsig", ssh_fingerprint(signature.public))
    digest = {"sha256": case.digests.sha256, "sha512": case.digests.sha512}[signature.hash_algorithm]
    return case.decide(
        "sshsig",
        key,
        lambda: check_sshsig(signature, digest, public=parse_ssh_public_key(key.public), namespaces=key.namespaces),
    )


def _judge_minisign(signature: MinisignSignature, case: _Case) -> SignatureFinding:
    named = signature.key_id[::-1].hex().upper()
    key = case.find("minisign", named)
    if key is None:
        return case.unknown("minisign", named)

    def check() -> None:
        message = None if signature.prehashed else case.content.whole(case.digests.size)
        check_minisign(signature, parse_minisign_key(key.public), message=message, blake2b512=case.digests.blake2b512)

    return case.decide("minisign", key, check)


def _judge_signify(signature: SignifySignature, case: _Case) -> SignatureFinding:
    key = case.find("signify", signature.number.hex())
    if key is None:
        return case.unknown("signify", signature.number.hex())
    return case.decide(
        "signify",
        key,
        lambda: check_signify(signature, parse_signify_key(key.public), case.content.whole(case.digests.size)),
    )


def _judge_cosign(signature: CosignSignature, case: _Case) -> SignatureFinding:
    """It names no key, so each enrolled PEM key is tried; one that holds under none of them is wrong, as far as anybody can tell."""
    keys = [key for key in case.keys if key.format == "pem"]
    if not keys:
        return case.unknown("cosign", "no key")

    def under(key: EnrolledKey) -> SignatureFinding:
        def check() -> None:
            size = case.digests.size
            pem = parse_pem_key(key.public)
            check_cosign(signature, pem, sha256=case.digests.sha256, whole=lambda: case.content.whole(size))

        return case.decide("cosign", key, check)

    found = [under(key) for key in keys]
    order = ("valid", "expired", "revoked", "unavailable", "invalid")
    return min(found, key=lambda each: (order.index(each.outcome), each.code != "signature-mismatch"))


@dataclass(frozen=True, slots=True)
class _Case:
    """What one signature is judged against."""

    position: int
    digests: FileDigests
    keys: Sequence[EnrolledKey]
    moments: Moments
    content: Content

    def find(self, key_format: str, fingerprint: str) -> EnrolledKey | None:
        return next((key for key in self.keys if (key.format, key.fingerprint) == (key_format, fingerprint)), None)

    def unknown(self, kind: SignatureFormat, named: str) -> SignatureFinding:
        return SignatureFinding(
            self.position,
            kind,
            named,
            "unknown-key",
            "unknown-key",
            (readable_step(_NAMES[kind]), unknown_step(named, self.keys)),
        )

    def decide(self, kind: SignatureFormat, key: EnrolledKey, check: Callable[[], object]) -> SignatureFinding:
        """The steps of a signature by an enrolled key, in the order of the docstring above."""
        steps = [readable_step(_NAMES[kind]), enrolled_step(key.fingerprint)]

        def found(outcome: Outcome, code: str, *more: Step) -> SignatureFinding:
            return SignatureFinding(self.position, kind, key.fingerprint, outcome, code, (*steps, *more))

        if key.revoked:
            return found("revoked", "key-revoked", revoked_step())
        window = self.moments.window_step(key)
        try:
            check()
        except EvidenceError as error:
            if error.code in {"content-needed", "content-too-large"}:
                return found(
                    "unavailable", error.code, Step("signature holds", "not checked", error.expected, error.found)
                )
            return found("invalid", error.code, Step("signature holds", "fails", error.expected, error.found))
        holds = Step("signature holds", "holds", found="over exactly these bytes")
        if window.status == "fails":
            return found("expired", "key-window", window, holds)
        return found("valid", "valid", window, holds)


_NAMES: dict[SignatureFormat, str] = {
    "sshsig": "SSH",
    "openpgp": "OpenPGP",
    "minisign": "minisign",
    "signify": "signify",
    "cms": "CMS",
    "cosign": "cosign",
}
