"""What a detached CMS signature is worth, against the enrolled certificates (x509_anchor.py).

Steps: (1) readable, (2) key enrolled: a chain leads to an enrolled certificate, and the signer is whom it is enrolled for, (3) strong
enough, (4) chain permits it, (5) signature holds, (6) time stamp, (7) revocation lists, which are not asked for, (8) key's time.

Time: now; else, where a certificate of the chain is over, a moment at which the signature is known to have existed: our own log's, or a
time stamp's by an enrolled authority. The signer's own time proves nothing and only speaks against it: after the end of the chain it is
`signed-after-expiry`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.certificate import Certificate, readable_certificates
from transparency.proofs.signatures.cms import TIME_STAMP_TOKEN, CmsSignature, check_cms, signing_scheme
from transparency.proofs.signatures.findings import (
    Content,
    FileDigests,
    Moments,
    Outcome,
    Step,
    StepStatus,
    enrolled_step,
    readable_step,
    revoked_step,
    unknown_step,
)
from transparency.proofs.signatures.timestamp import check_timestamp, parse_timestamp
from transparency.proofs.signatures.x509_anchor import X509Anchor, parse_x509_anchor
from transparency.proofs.signatures.x509_path import SIGNING, CertificatePath, check_path, find_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from transparency.proofs.signatures.keys import EnrolledKey
    from transparency.proofs.signatures.x509_algorithms import HashName

Judgement = tuple[str | None, Outcome, str, tuple[Step, ...]]
_STRONG = "SHA-256 or better; RSA of 2048 bits or more, or an elliptic curve"
_WEAK = frozenset({"weak-hash", "weak-key", "key-weak", "key-type"})
_HELD_BACK = frozenset({"content-needed", "content-too-large"})


@dataclass(frozen=True, slots=True)
class CmsCase:
    """What one signature is judged against."""

    digests: FileDigests
    keys: Sequence[EnrolledKey]
    moments: Moments
    content: Content

    def hashed(self, algorithm: HashName) -> bytes:
        known = {"sha256": self.digests.sha256, "sha512": self.digests.sha512}
        return known[algorithm] if algorithm in known else self.content.digest(algorithm, self.digests.size)


def judge_cms(signature: CmsSignature, case: CmsCase) -> Judgement:
    """Key, outcome, code and steps; of several enrolled certificates that vouch for the signer, the best answer."""
    enrolled = [(key, parse_x509_anchor(key.public)) for key in case.keys if key.format == "x509"]
    vouching = [(key, anchor) for key, anchor in enrolled if not anchor.stamps]
    pool = [*readable_certificates(signature.certificates), *(anchor.certificate for _, anchor in vouching)]
    signer = next((each for each in pool if signature.signer.is_by(each)), None)
    named = _named(signature, signer)
    unknown: Judgement = (named, "unknown-key", "unknown-key", (readable_step("CMS"), _no_chain(named, case)))
    found = [_by_anchor(signature, signer, pool, key, anchor, enrolled, case) for key, anchor in vouching if signer]
    judged = [each for each in found if each is not None]
    return next((each for each in judged if each[1] == "valid"), judged[0] if judged else unknown)


def _by_anchor(
    signature: CmsSignature,
    signer: Certificate,
    pool: Sequence[Certificate],
    key: EnrolledKey,
    anchor: X509Anchor,
    enrolled: Sequence[tuple[EnrolledKey, X509Anchor]],
    case: CmsCase,
) -> Judgement | None:
    """What it is worth under one enrolled certificate; None when that does not vouch for this signer."""
    name, steps = key.fingerprint, [readable_step("CMS")]

    def ends(outcome: Outcome, code: str) -> Judgement:
        return name, outcome, code, tuple(steps)

    def fails(what: str, error: EvidenceError) -> Judgement:
        weak, held_back = error.code in _WEAK, error.code in _HELD_BACK
        status: StepStatus = "not checked" if held_back else "fails"
        steps.append(Step("strong enough" if weak else what, status, error.expected, error.found))
        code = {"key-weak": "weak-key", "key-type": "weak-key"}.get(error.code, error.code)
        return ends("weak" if weak else "unavailable" if held_back else "invalid", code)

    path = find_path(signer, pool, anchor.certificate)
    if path is None or (anchor.signer and anchor.signer not in signer.identities()):
        return None
    steps += [enrolled_step(name), Step("signer named", "holds", anchor.whom, path.words)]
    if key.revoked:
        steps.append(revoked_step())
        return ends("revoked", "key-revoked")
    try:
        check_path(path, SIGNING)
        _, scheme = signing_scheme(signature.signer)
        steps.append(Step("strong enough", "holds", _STRONG, scheme.words))
        steps.append(Step("chain permits it", "holds", "a chain whose certificates permit signing", path.words))
    except EvidenceError as error:
        return fails("chain permits it", error)
    try:
        check_cms(signature, signer, case.hashed)
    except EvidenceError as error:
        return fails("signature holds", error)
    steps.append(Step("signature holds", "holds", found="over exactly these bytes, in signed attributes"))
    stamped = _stamped(signature, enrolled, case, steps)
    steps.append(Step("revocation lists", "not checked", "none that withdraws a certificate", "none is asked for here"))
    return ends(*_times(signature, path, key, stamped, case.moments, steps))


def _stamped(
    signature: CmsSignature, enrolled: Sequence[tuple[EnrolledKey, X509Anchor]], case: CmsCase, steps: list[Step]
) -> datetime | None:
    """When an enrolled time-stamp authority saw the signature, with the step that says so; a token that fails counts for nothing."""
    token = signature.signer.unsigned.get(TIME_STAMP_TOKEN)
    if token is None:
        return None
    wanted, refusal = "a time stamp by an enrolled authority", "none is enrolled"
    authorities = [(key, anchor) for key, anchor in enrolled if anchor.stamps and not key.revoked]
    try:
        stamp = parse_timestamp(token)
    except EvidenceError as error:
        steps.append(Step("time stamp", "fails", error.expected, error.found))
        return None
    for key, anchor in authorities:
        try:
            by = check_timestamp(stamp, signature.signer.signature, anchor.certificate, now=case.moments.now)
        except EvidenceError as error:
            refusal = f"{error.code}: expected {error.expected}, found {error.found}"
            continue
        if key.covers(stamp.latest):
            steps.append(Step("time stamp", "holds", wanted, f"{stamp.time} by {by}"))
            return stamp.latest
        refusal = f"its authority is not enrolled for {stamp.time}"
    steps.append(Step("time stamp", "fails" if authorities else "not checked", wanted, refusal))
    return None


def _times(
    signature: CmsSignature,
    path: CertificatePath,
    key: EnrolledKey,
    stamped: datetime | None,
    moments: Moments,
    steps: list[Step],
) -> tuple[Outcome, str]:
    """Outcome and code, when everything but the time holds."""
    expected = f"certificates valid from {path.begins} to {path.ends}"
    known = ((moments.now, "now"), (moments.logged_at, "logged here at"), (stamped, "time-stamped at"))
    for moment, words in known:
        if moment and path.covers(moment) and key.covers(moment):
            steps.append(Step("key's time", "holds", expected, f"{words} {moment.replace(microsecond=0)}"))
            return "valid", "valid"
    if moments.now < path.begins:
        steps.append(Step("key's time", "fails", expected, f"now {moments.now.replace(microsecond=0)}"))
        return "invalid", "certificate-not-yet"
    if path.covers(moments.now):
        steps.append(moments.window_step(key))
        return "expired", "key-window"
    claimed = signature.signer.claimed_time
    steps.append(
        Step("key's time", "fails", expected, f"now {moments.now.replace(microsecond=0)}, and no trusted time")
    )
    if claimed and claimed > path.ends:
        steps.append(Step("valid when signed, by the signer's clock", "fails", expected, str(claimed)))
        return "invalid", "signed-after-expiry"
    if claimed and path.covers(claimed):
        steps.append(Step("valid when signed, by the signer's clock", "holds", expected, str(claimed)))
    return "expired", "key-expired"


def _named(signature: CmsSignature, signer: Certificate | None) -> str:
    """Whom the signature names: the certificate's fingerprint, where it came along."""
    if signer:
        return signer.fingerprint
    by_id = signature.signer.key_id.hex()
    return f"key id {by_id[:80]}" if by_id else f"certificate number {signature.signer.serial:x}"[:120]


def _no_chain(named: str, case: CmsCase) -> Step:
    return unknown_step(named, [key for key in case.keys if key.format == "x509"])
