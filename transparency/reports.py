"""What commands print and pages show about one import, as plain data (DESIGN section 7 and EDGES, Answers)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from transparency.models import BuildList, Delivery, SignatureFile

Step = dict[str, str]


def delivery_report(delivery: Delivery) -> dict[str, Any]:
    """The JSON of an import. With a refusal, or in quarantine, the snapshot's names are null."""
    snapshot = delivery.snapshot
    return {
        "product": delivery.release.product.slug,
        "release": delivery.release.version,
        "state": delivery.state,
        "manifest": snapshot.manifest if snapshot else None,
        "gitTree": snapshot.git_tree if snapshot else None,
        "swhid": delivery.swhid if snapshot else None,
        "dirHash": snapshot.dir_hash if snapshot else None,
        "files": snapshot.files if snapshot else None,
        "bytes": snapshot.bytes if snapshot else None,
        "lines": snapshot.lines if snapshot else None,
        "flagged": delivery.flagged,
        "refused": delivery.refused,
        "verdict": {"outcome": delivery.verdict, "code": delivery.verdict_code, "policy": delivery.policy},
        "steps": delivery_steps(delivery),
        "job": str(delivery.job_id),
    }


def builds_report(builds: BuildList) -> dict[str, Any]:
    return {
        "product": builds.release.product.slug,
        "release": builds.release.version,
        "manifest": builds.manifest or None,
        "list": {"name": builds.name, "sha256": builds.sha256} if builds.sha256 else None,
        "verdict": {"outcome": builds.verdict, "code": builds.verdict_code, "policy": builds.policy},
        "artifacts": [
            {"name": item.name, "sha256": item.sha256 or None, "listed": item.listed or None, "listing": item.listing}
            for item in builds.artifacts.all()
        ],
        "steps": signature_steps(builds.signatures.all()),
        "job": str(builds.job_id),
    }


def delivery_steps(delivery: Delivery) -> list[Step]:
    """The steps of an import in order: receipt, each signature's own steps, verdict, reading, naming."""
    steps = [_step("received", "done", found=f"{delivery.archive_size} bytes, sha256 {delivery.archive_sha256}")]
    steps += signature_steps(delivery.signatures.all())
    steps.append(_step("verdict", delivery.verdict, expected="valid", found=delivery.verdict_code))
    if delivery.verdict != "valid":
        steps.append(_step("members read", "not attempted", expected="a valid delivery"))
        return steps
    refusals = ", ".join(sorted({finding["rule"] for finding in delivery.refused}))
    steps.append(_step("members read", "refused" if refusals else "done", expected="no refused member", found=refusals))
    if delivery.snapshot:
        steps.append(_step("snapshot named", "done", found=f"manifest {delivery.snapshot.manifest}"))
    return steps


def signature_steps(signatures: Iterable[SignatureFile]) -> list[Step]:
    return [
        _step(
            f"signature {signature.position}: {step['name']}",
            step["status"],
            expected=step["expected"],
            found=step["found"],
        )
        for signature in signatures
        for step in signature.steps
    ]


def _step(name: str, status: str, *, expected: str = "", found: str = "") -> Step:
    return {"name": name, "status": status, "expected": expected, "found": found}
