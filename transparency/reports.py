"""What commands print and pages show about one import, as plain data (DESIGN section 7 and EDGES, Answers)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from transparency.models import BuildList, Delivery, Sbom, SignatureFile
    from transparency.proofs.signatures.keys import EnrolledKey

Step = dict[str, str]


def delivery_report(delivery: Delivery) -> dict[str, Any]:
    """The JSON of an import. With a refusal, or in quarantine, the snapshot's names are null."""
    snapshot = delivery.snapshot
    return {
        "product": delivery.release.product.slug,
        "release": delivery.release.version,
        "role": delivery.role,
        "archive": delivery.archive_name,
        "state": delivery.state,
        "manifest": snapshot.manifest if snapshot else None,
        "gitTree": snapshot.git_tree if snapshot else None,
        "swhid": delivery.swhid if snapshot else None,
        "dirHash": snapshot.dir_hash if snapshot else None,
        "files": snapshot.files if snapshot else None,
        "bytes": snapshot.bytes if snapshot else None,
        "lines": snapshot.lines if snapshot else None,
        "package": delivery.package,
        "flagged": delivery.flagged,
        "refused": delivery.refused,
        "verdict": {"outcome": delivery.verdict, "code": delivery.verdict_code, "policy": delivery.policy},
        "steps": delivery_steps(delivery),
        "job": str(delivery.job_id),
    }


def source_report(reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The JSON of a Debian source: the report of the tree that is the release's subject, and those of all deliveries."""
    return {**reports[0], "deliveries": list(reports)}


def check_report(delivery: Delivery, *, read: bool, as_if: Iterable[EnrolledKey]) -> dict[str, Any]:
    """The JSON of a dry run, which is read whatever its verdict. `as_if`: keys that counted as if they were enrolled."""
    keys = [{"format": key.format, "fingerprint": key.fingerprint} for key in as_if]
    report = delivery_report(delivery) | {"asIfEnrolled": keys}
    first, *steps = report["steps"]
    counted = [
        _step("counts as if it were enrolled", "stated", found=f"{key['format']} {key['fingerprint']}") for key in keys
    ]
    if read and not delivery.snapshot and not delivery.refused:
        steps[-1] = _step(
            "members read", "done", expected="no refused member", found="none; only a check reads what is not valid"
        )
    if delivery.derived_from:  # a row that is rolled back: its number says nothing
        steps = [
            _step(
                "derived", "done", found=f"from the {delivery.derived_from.role} tree, by the patches that come with it"
            )
            if step["name"] == "derived"
            else step
            for step in steps
        ]
    return report | {"steps": [first, *counted, *steps]}


def sbom_report(row: Sbom) -> dict[str, Any]:
    """How a bill of materials compares with the tree. Nothing in it is a verdict."""
    return {
        "sbom": row.pk,
        "product": row.release.product.slug,
        "release": row.release.version,
        "delivery": row.delivery_id,
        "manifest": row.snapshot.manifest,
        "file": {"name": row.file_name, "size": row.size, "sha256": row.sha256},
        "form": row.form,
        "title": row.title,
        "tree": row.tree,
        "subjects": row.subjects,
        "packagesDeclared": row.packages_declared,
        "packages": row.packages,
        "findings": row.findings,
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
    """The steps of an import in order: receipt, what was signed, each signature's own steps, verdict, admission, reading, naming."""
    steps = [_step("received", "done", found=f"{delivery.archive_size} bytes, sha256 {delivery.archive_sha256}")]
    steps += _git_steps(delivery.git or {})
    steps += _cover_steps(delivery)
    steps += signature_steps(delivery.signatures.all())
    steps.append(_step("verdict", delivery.verdict, expected="valid", found=delivery.verdict_code))
    if reason := admission_reason(delivery):
        steps.append(_step(f"admitted as {admitted_as(delivery)} by the operator", "stated", found=reason))
    return steps + _reading_steps(delivery)


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


def admitted_as(delivery: Delivery) -> str:
    """`expired` or `weak` when an operator let it in as that, else empty."""
    return str(_admission(delivery).get("outcome", ""))


def admission_reason(delivery: Delivery) -> str:
    """The operator's stated reason, empty where none was needed."""
    return str(_admission(delivery).get("reason", ""))


def _admission(delivery: Delivery) -> dict[str, Any]:
    admitted = delivery.state != delivery.State.QUARANTINED and delivery.snapshot_id is not None
    return (delivery.job.payload.get("admission") if admitted else None) or {}


def _cover_steps(delivery: Delivery) -> list[Step]:
    """What the signatures were made over, where it is not the archive itself."""
    cover, steps = delivery.cover, []
    if cover is None and delivery.signature_over == delivery.Over.DECOMPRESSED:
        steps.append(_step("signed in its stead", "done", found="the decompressed tar"))
    if cover is not None:
        named = f"{cover['name']}, {cover['size']} bytes, sha256 {cover['sha256']}"
        said = {
            "checksums": f"a checksum list: {named}",
            "dsc": f"the text of a Debian source control file: {named}",
            "git-tag": f"a tag of the repository, without its signature: {named}",
            "git-commit": f"a commit of the repository, without its signature: {named}",
            "decompressed": f"the decompressed tar, not the compressed file: {cover['size']} bytes, sha256 {cover['sha256']}",
        }
        steps.append(_step("signed in its stead", "done", found=said.get(cover["form"], named)))
    steps += [
        _step(f"component {item['name']}", "done", found=f"{item['size']} bytes, sha256 {item['sha256']}")
        for item in delivery.components
    ]
    return steps


def _git_steps(git: dict[str, Any]) -> list[Step]:
    """How one object was found in a repository, and how it leads to the tree."""
    if not git:
        return []
    kind = "SHA-1" if git["objectFormat"] == "sha1" else "SHA-256"
    steps = [
        _step("repository checked", "done", expected="what git's fsck accepts", found=f"a {kind} repository, whole"),
        _step("one object", "done", expected=git["ref"] or "a commit", found=git["object"]),
    ]
    if git["ref"]:
        name = git["ref"].removeprefix("refs/tags/")
        steps.append(_step("tag names one commit", "done", expected=f"the name {name}", found=git["commit"]))
    return [*steps, _step("commit names one tree", "done", found=git["tree"])]


def _reading_steps(delivery: Delivery) -> list[Step]:
    if delivery.snapshot is None and not delivery.refused:
        return [_step("members read", "not attempted", expected="a valid delivery")]
    refusals = ", ".join(sorted({finding["rule"] for finding in delivery.refused}))
    steps = [_step("members read", "refused" if refusals else "done", expected="no refused member", found=refusals)]
    if delivery.derived_from:
        steps.append(
            _step(
                "derived", "done", found=f"from delivery {delivery.derived_from_id}, by the patches that come with it"
            )
        )
    if delivery.snapshot and delivery.git:
        is_sha1 = delivery.git["objectFormat"] == "sha1"
        found = delivery.snapshot.git_tree if is_sha1 else "every object by its name"
        steps.append(_step("tree compared", "done", expected=delivery.git["tree"], found=found))
    if delivery.snapshot:
        steps.append(_step("snapshot named", "done", found=f"manifest {delivery.snapshot.manifest}"))
    return steps


def _step(name: str, status: str, *, expected: str = "", found: str = "") -> Step:
    return {"name": name, "status": status, "expected": expected, "found": found}
