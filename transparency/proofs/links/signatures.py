"""The `…/signature` links: what a record says of signatures, checked with the checker's keys (docs/formats.md 12).

Only what is recorded as `valid` is a claim. Each one holds, fails, or could not be checked. One that fails decides;
then one that holds is enough. A signature recorded for a key that the checker has must hold; others say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError, UnavailableError
from transparency.proofs.links.report import LinkReport, LinkStatus
from transparency.proofs.signatures.judge import MAX_WHOLE_BYTES, SignatureFinding, judge_signature
from transparency.proofs.signatures.keys import for_git

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from transparency.proofs.links.basis import Basis
    from transparency.proofs.records import RecordedSignature, RecordedVerdict
    from transparency.proofs.signatures.judge import Content, FileDigests
    from transparency.proofs.signatures.keys import EnrolledKey


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed: a name to speak of it, its digests, its content where the checker has it, whether git is to have signed it."""

    name: str
    digests: FileDigests
    content: Content | None
    by_git: bool = False


def check_signatures(
    link: str,
    signed: Signed,
    recorded: Sequence[RecordedSignature],
    files: Sequence[bytes],
    *,
    verdict: RecordedVerdict,
    time: datetime,
    basis: Basis,
) -> LinkReport:
    """Return how the link ended; raise `signature-file`, `signature-fails`, `verdict-unsupported` where it fails."""
    _check_files(recorded, files)
    keys = basis.ring.of_vendor(basis.index.vendor)
    ended: dict[LinkStatus, list[str]] = {"ok": [], "not checked": []}
    for number, (item, data) in enumerate(zip(recorded, files, strict=True), start=1):
        if item.outcome == "valid":
            status, detail = _check_one(number, item, data, signed, keys=keys, time=time, basis=basis)
            ended[status].append(detail)
    if verdict.outcome != "valid":
        detail = (
            f"the record's verdict over {signed.name} is {verdict.outcome} ({verdict.code}): no signed file is claimed"
        )
        return LinkReport(link, "not claimed", detail)
    if ended["ok"]:
        more = f"; {len(ended['not checked'])} more not checked" if ended["not checked"] else ""
        return LinkReport(link, "ok", "; ".join(ended["ok"]) + more)
    if ended["not checked"]:
        return LinkReport(link, "not checked", "; ".join(ended["not checked"]))
    raise EvidenceError(
        "verdict-unsupported", expected="a valid signature behind a verdict of valid", found="none recorded"
    )


def _check_files(recorded: Sequence[RecordedSignature], files: Sequence[bytes]) -> None:
    if len(recorded) != len(files):
        raise EvidenceError("signature-file", expected=f"{len(recorded)} signature files", found=str(len(files)))
    for number, (item, data) in enumerate(zip(recorded, files, strict=True), start=1):
        if Digest.of(data) != item.sha256:
            found = Digest.of(data).hex
            raise EvidenceError("signature-file", subject=f"signature.{number}", expected=item.sha256.hex, found=found)


def _check_one(
    number: int,
    item: RecordedSignature,
    data: bytes,
    signed: Signed,
    *,
    keys: Sequence[EnrolledKey],
    time: datetime,
    basis: Basis,
) -> tuple[LinkStatus, str]:
    """One signature that is recorded as valid: ok or not checked, else raises `signature-fails`.

    Each key is tried alone: the same key may be enrolled twice, with other windows or namespaces.
    """
    named: list[SignatureFinding] = []
    stamps = [key for key in keys if key.is_for_time_stamps]
    for key in keys:
        findings = _judged(data, signed, key, time, basis, stamps)
        if holds := next((finding for finding in findings if finding.outcome == "valid"), None):
            signer = f"{holds.format} key {holds.key}, a key of {basis.index.vendor} in {basis.key_source}"
            return "ok", f"{signed.name} is signed by {signer}"
        named += findings if key.fingerprint == item.key else ()
    if not any(key.fingerprint == item.key for key in keys):
        where = "the trust file" if basis.trusted else "keys.json"
        return "not checked", f"signature.{number}: key not in {where}: {item.key}"
    if any(finding.outcome == "unavailable" for finding in named):
        return "not checked", f"signature.{number}: {_missing(signed, named, basis)}"
    raise EvidenceError(
        "signature-fails",
        subject=f"signature.{number}",
        expected="valid, as recorded",
        found=_worst(named) or "its key was not valid then",
    )


def _judged(
    data: bytes, signed: Signed, key: EnrolledKey, time: datetime, basis: Basis, stamps: Sequence[EnrolledKey]
) -> tuple[SignatureFinding, ...]:
    """What the signature is worth under one key; nothing outside its window, but for what a time stamp may have kept inside it."""
    if not key.covers(time) and key.format != "x509":
        return ()
    try:
        counted = [*(for_git([key]) if signed.by_git else [key]), *stamps]
        return judge_signature(data, signed.digests, counted, now=time, content=signed.content, openpgp=basis.openpgp)
    except UnavailableError as error:
        return (SignatureFinding(0, None, key.fingerprint, "unavailable", error.code, ()),)


def _missing(signed: Signed, findings: Sequence[SignatureFinding], basis: Basis) -> str:
    if any(finding.code == "content-too-large" for finding in findings):
        return f"its format needs {signed.name} in memory, at most {MAX_WHOLE_BYTES} bytes"
    if signed.content is None:
        return f"needs {signed.name} itself: give it as FILE"
    return "needs an OpenPGP library" if basis.openpgp is None else "could not be decided now"


def _worst(findings: Sequence[SignatureFinding]) -> str:
    return ", ".join(f"{finding.outcome} ({finding.code})" for finding in findings)
