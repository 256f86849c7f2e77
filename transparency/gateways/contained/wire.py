"""Values that cross the sandbox's wall, as JSON: written inside, read strictly outside. The reader trusts nothing that it is told.

A task that was taken over can lie about the one delivery that took it over. It cannot hand out more than the limits, other types, or
texts that other code would take for something else.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args

from transparency.gateways.contained.packagewire import package_json, parse_package
from transparency.proofs.errors import EvidenceError, UnavailableError, UnusableInputError
from transparency.proofs.manifest import MAX_MANIFEST_BYTES
from transparency.proofs.signatures.judge import (
    POLICY,
    FileDigests,
    Outcome,
    SignatureFinding,
    SignatureFormat,
    Step,
    StepStatus,
    Verdict,
)
from transparency.proofs.signatures.keys import EnrolledKey
from transparency.proofs.sources.flaglist import MAX_FLAG_BYTES, MAX_FLAGS, flag_bytes
from transparency.proofs.sources.intake import MAX_REFUSALS, Intake
from transparency.proofs.sources.paths import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_TEXT = 64 * 1024
MAX_ANSWER_BYTES = 64 * 1024**2
MAX_SAID = 2000
# A member's path may have 4,096 bytes, each of them escaped to three.
MAX_SUBJECT = 16 * 1024
ROOTS: dict[str, type[EvidenceError | UnavailableError]] = {
    "evidence": EvidenceError,
    "unavailable": UnavailableError,
    "unusable": UnusableInputError,
}
MAX_FINDINGS = 16 * 16 + 1
MAX_STEPS = 64
_RULE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")
_HEX_TREE = re.compile(r"[0-9a-f]{40}\Z")
_SWHID = re.compile(r"swh:1:dir:[0-9a-f]{40}\Z")
_DIR_HASH = re.compile(r"h1:[A-Za-z0-9+/]{43}=\Z")
_ESCAPED = re.compile(r"[!-~]*\Z")
_MANIFEST = re.compile(rb"(?:(?:100644|100755|120000|160000) [0-9a-f]{40,64} [0-9]{1,19} [!-~]+\n)*\Z")
_MANIFEST_HEAD = b"transparency-manifest/v1\n"
_PIECE_BYTES = 256 * 1024


def parse_line(line: bytes) -> dict[str, Any]:
    """One message of a task: `contained-died` where it is no JSON, `contained-answer` where it is no text that can be kept."""
    try:
        message = json.loads(line.decode(), parse_constant=_refuse, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise UnavailableError("contained-died", expected="lines of JSON", found=repr(line[:80])) from error
    if not isinstance(message, dict):
        raise UnavailableError("contained-died", expected="an object a line", found=repr(line[:80]))
    if b"\\u" in line:  # only an escape can spell half of a surrogate pair
        _check_text(message)
    return message


def parse_failure(failure: Any) -> EvidenceError | UnavailableError:
    """The error that a task ended in: a root, a code and up to three texts, and nothing else (`contained-answer`)."""
    said = failure if isinstance(failure, dict) else {}
    root, code, subject, expected, found = (
        said.get(key, "") for key in ("root", "code", "subject", "expected", "found")
    )
    texts = all(isinstance(text, str) for text in (root, code, subject, expected, found))
    if not texts or root not in ROOTS or not _RULE.match(code) or len(subject) > MAX_SUBJECT:
        raise EvidenceError("contained-answer", subject="error", expected="a coded error", found=repr(failure)[:80])
    return ROOTS[root](code, subject=subject, expected=expected[:MAX_SAID], found=found[:MAX_SAID])


def _check_text(message: dict[str, Any]) -> None:
    try:
        json.dumps(message, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise EvidenceError("contained-answer", expected="text in Unicode", found="a lone surrogate") from error


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def intake_json(intake: Intake) -> dict[str, Any]:
    """What a pass found, without the four byte strings that go through files."""
    return {
        "flagged": [[item.path, item.rule, item.detail] for item in intake.flagged],
        "refused": [[item.path, item.rule, item.detail] for item in intake.refused],
        "prefix": intake.prefix,
        "gitTree": intake.git_tree,
        "swhid": intake.swhid,
        "dirHash": intake.dir_hash,
        "files": intake.files,
        "bytes": intake.bytes,
        "lines": intake.lines,
        "package": package_json(intake.package),
    }


def parse_intake(answer: Mapping[str, Any], *, manifest: bytes, file_table: bytes, index: bytes) -> Intake:
    """The pass's result outside (`contained-answer` when it is of another shape)."""
    refused = _findings(answer, "refused", MAX_REFUSALS, fatal=True)
    flagged = _findings(answer, "flagged", MAX_FLAGS + 1, fatal=False)
    if sum(map(flag_bytes, flagged[:-1])) > MAX_FLAG_BYTES:  # the last may say how many more there are
        raise _strange("flagged", "more")
    if refused:
        return Intake(flagged, refused)
    _check_manifest(manifest, _count(answer, "files"))
    return Intake(
        flagged=flagged,
        refused=(),
        prefix=_text(answer, "prefix", _ESCAPED),
        manifest=manifest,
        file_table=file_table,
        index=index,
        git_tree=_text(answer, "gitTree", _HEX_TREE),
        swhid=_text(answer, "swhid", _SWHID),
        dir_hash=None if answer.get("dirHash") is None else _text(answer, "dirHash", _DIR_HASH),
        files=_count(answer, "files"),
        bytes=_count(answer, "bytes"),
        lines=_count(answer, "lines"),
        package=parse_package(answer.get("package")),
    )


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "outcome": verdict.outcome,
        "code": verdict.code,
        "steps": _steps_json(verdict.steps),
        "findings": [
            {
                "file": item.file,
                "format": item.format,
                "key": item.key,
                "outcome": item.outcome,
                "code": item.code,
                "steps": _steps_json(item.steps),
            }
            for item in verdict.findings
        ],
    }


def parse_verdict(answer: Mapping[str, Any], *, files: int) -> Verdict:
    """The verdict outside, over `files` signature files (`contained-answer`)."""
    found = answer.get("findings")
    if not isinstance(found, list) or len(found) > MAX_FINDINGS:
        raise _strange("findings", found)
    findings = tuple(_finding(item, files) for item in found)
    return Verdict(
        _one_of(answer, "outcome", get_args(Outcome)),
        _text(answer, "code", _RULE),
        findings,
        POLICY,
        _steps(answer.get("steps")),
    )


def digests_json(digests: FileDigests) -> dict[str, Any]:
    return {
        "size": digests.size,
        "sha256": digests.sha256.hex(),
        "sha512": digests.sha512.hex(),
        "blake2b512": digests.blake2b512.hex(),
    }


def parse_digests(value: Mapping[str, Any]) -> FileDigests:
    try:
        raw = [bytes.fromhex(value[name]) for name in ("sha256", "sha512", "blake2b512")]
    except (KeyError, TypeError, ValueError) as error:
        raise _strange("digests", value) from error
    if [len(item) for item in raw] != [32, 64, 64]:
        raise _strange("digests", value)
    return FileDigests(_count(value, "size"), *raw)


def key_json(key: EnrolledKey) -> dict[str, Any]:
    return {
        "format": key.format,
        "public": key.public,
        "fingerprint": key.fingerprint,
        "namespaces": list(key.namespaces),
        "from": key.valid_from.isoformat() if key.valid_from else None,
        "until": key.valid_until.isoformat() if key.valid_until else None,
        "revoked": key.revoked,
    }


def key_of(value: Mapping[str, Any]) -> EnrolledKey:
    """Inside: the key as the caller enrolled it, not judged again."""
    return EnrolledKey(
        value["format"],
        value["public"],
        value["fingerprint"],
        tuple(value["namespaces"]),
        moment_of(value["from"]),
        moment_of(value["until"]),
        value["revoked"],
    )


def moment_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _steps_json(steps: Sequence[Step]) -> list[list[str]]:
    return [[step.name, step.status, step.expected, step.found] for step in steps]


def _finding(item: Any, files: int) -> SignatureFinding:
    if not isinstance(item, dict) or not 0 <= _count(item, "file") < files:
        raise _strange("finding", item)
    return SignatureFinding(
        file=item["file"],
        format=None if item.get("format") is None else _one_of(item, "format", get_args(SignatureFormat)),
        key=None if item.get("key") is None else _text(item, "key"),
        outcome=_one_of(item, "outcome", get_args(Outcome)),
        code=_text(item, "code", _RULE),
        steps=_steps(item.get("steps")),
    )


def _steps(value: Any) -> tuple[Step, ...]:
    if not isinstance(value, list) or len(value) > MAX_STEPS:
        raise _strange("steps", value)
    for step in value:
        if not _all_texts(step, 4) or step[1] not in get_args(StepStatus):
            raise _strange("step", step)
    return tuple(Step(*step) for step in value)


def _findings(answer: Mapping[str, Any], name: str, most: int, *, fatal: bool) -> tuple[Finding, ...]:
    value = answer.get(name)
    if not isinstance(value, list) or len(value) > most:
        raise _strange(name, value)
    for item in value:
        if not _all_texts(item, 3) or not _RULE.match(item[1]) or not _ESCAPED.match(item[0]):
            raise _strange(name, item)
    return tuple(Finding(path, rule, detail, fatal) for path, rule, detail in value)


def _check_manifest(manifest: bytes, files: int) -> None:
    """Its shape and its length; a manifest that is more wrong than that fails at whoever checks the snapshot's name."""
    shaped, place = manifest.startswith(_MANIFEST_HEAD) and len(manifest) <= MAX_MANIFEST_BYTES, len(_MANIFEST_HEAD)
    while shaped and place < len(
        manifest
    ):  # a piece at a time, of whole lines: the matcher's memory grows with what it reads
        end = manifest.rfind(b"\n", place, place + _PIECE_BYTES) + 1
        shaped = end > 0 and _MANIFEST.match(manifest, place, end) is not None
        place = end
    if not shaped or manifest.count(b"\n", len(_MANIFEST_HEAD)) != files:
        raise _strange("manifest", manifest[:80])


def _all_texts(value: Any, count: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) == count
        and all(isinstance(text, str) and len(text) <= MAX_TEXT for text in value)
    )


def _text(answer: Mapping[str, Any], name: str, pattern: re.Pattern[str] | None = None) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or len(value) > MAX_TEXT or (pattern and not pattern.match(value)):
        raise _strange(name, value)
    return value


def _count(answer: Mapping[str, Any], name: str) -> int:
    value = answer.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise _strange(name, value)
    return value


def _one_of(answer: Mapping[str, Any], name: str, allowed: tuple[Any, ...]) -> Any:
    value = answer.get(name)
    if value not in allowed:
        raise _strange(name, value)
    return value


def _strange(name: str, found: Any) -> EvidenceError:
    return EvidenceError(
        "contained-answer", subject=name, expected="an answer of the agreed shape", found=repr(found)[:80]
    )
