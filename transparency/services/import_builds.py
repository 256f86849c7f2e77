"""Perform an import of builds: judge the checksum list's signatures, compare every file with it, log the record.

A list that is not validly signed is kept and shown as exactly that; its comparison still says which files it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from transparency.models import Artifact, BuildList, Release
from transparency.proofs.builds.checksums import compare, parse_checksums
from transparency.proofs.digest import Digest
from transparency.proofs.records import BuildsRecord, ListFile, RecordedArtifact, format_builds_record
from transparency.services.admit_delivery import keep_signatures, recorded_signatures, recorded_verdict
from transparency.services.claim_job import finish_job
from transparency.services.judge_files import judge_file, no_signature
from transparency.services.log_record import log_record
from transparency.services.note_progress import note_progress
from transparency.services.read_archive import Heartbeat
from transparency.services.receive_delivery import MAX_LIST_BYTES
from transparency.services.stored_files import StoredFile
from transparency.services.stores import objects

if TYPE_CHECKING:
    from transparency.proofs.signatures.judge import Verdict
    from transparency.services.claim_job import Claim


def import_builds(claim: Claim) -> None:
    """Do the whole import for a claimed job; the list's own errors (`checksums-…`) fail the job."""
    payload = claim.payload
    note_progress(claim, text=f"Comparing {len(payload['files'])} files with the checksum list.")
    release = Release.objects.select_related("product__vendor", "subject").get(pk=payload["release"])
    verdict = (
        judge_file(
            product=release.product,
            file=StoredFile.from_json(payload["list"]),
            signatures=payload["signatures"],
            tick=Heartbeat(claim, payload["list"]["size"], "checking signatures"),
        )
        if payload["list"]
        else no_signature()
    )
    artifacts = _compare(release, payload)
    record = _record(release, payload, verdict, artifacts)
    with transaction.atomic():
        builds = _keep(claim, release, verdict, artifacts, format_builds_record(record))
        subjects = [("manifest", Digest.parse(release.subject.manifest))] if release.subject else []
        log_record(
            kind="builds",
            digest=Digest.parse(builds.record_digest),
            subjects=subjects,
            organisation=release.product.vendor,
            product=release.product,
        )
        finish_job(claim, result={"builds": builds.pk})


def _compare(release: Release, payload: dict[str, Any]) -> tuple[RecordedArtifact, ...]:
    given = {file["name"]: file for file in payload["files"]}
    if payload["list"] is None:
        return tuple(
            RecordedArtifact(name, file["size"], Digest.parse(file["sha256"]), None, "not-listed")
            for name, file in sorted(given.items(), key=lambda item: item[0].encode())
        )
    data = objects().read(release.product.store_key, Digest.parse(payload["list"]["sha256"]), limit=MAX_LIST_BYTES)
    listed = parse_checksums(data)
    return tuple(
        RecordedArtifact(
            name=item.name,
            size=given[item.name]["size"] if item.name in given else None,
            sha256=Digest.parse(given[item.name]["sha256"]) if item.name in given else None,
            listed=Digest.parse(item.listed) if item.listed else None,
            listing=item.listing,
        )
        for item in compare(listed, {name: file["sha256"] for name, file in given.items()})
    )


def _record(
    release: Release, payload: dict[str, Any], verdict: Verdict, artifacts: tuple[RecordedArtifact, ...]
) -> BuildsRecord:
    listing = payload["list"]
    return BuildsRecord(
        vendor=release.product.vendor.slug,
        product=release.product.slug,
        release=release.version,
        visibility=release.product.visibility,
        manifest=Digest.parse(release.subject.manifest) if release.subject else None,
        list=ListFile(listing["name"], listing["size"], Digest.parse(listing["sha256"])) if listing else None,
        list_signatures=recorded_signatures(verdict, payload["signatures"] if listing else []),
        verdict=recorded_verdict(verdict),
        artifacts=artifacts,
    )


def _keep(
    claim: Claim, release: Release, verdict: Verdict, artifacts: tuple[RecordedArtifact, ...], record: bytes
) -> BuildList:
    digest = Digest.of(record).hex
    known = BuildList.objects.filter(release=release, record_digest=digest).first()
    if known:
        return known
    listing = claim.payload["list"] or {}
    builds = BuildList.objects.create(
        release=release,
        manifest=release.subject.manifest if release.subject else "",
        name=listing.get("name", ""),
        size=listing.get("size"),
        sha256=listing.get("sha256", ""),
        verdict=verdict.outcome,
        verdict_code=verdict.code,
        policy=verdict.policy,
        record=record,
        record_digest=digest,
        job_id=claim.job,
    )
    keep_signatures(verdict, claim.payload["signatures"] if listing else [], builds=builds)
    Artifact.objects.bulk_create(
        Artifact(
            build_list=builds,
            name=item.name,
            size=item.size,
            sha256=item.sha256.hex if item.sha256 else "",
            listed=item.listed.hex if item.listed else "",
            listing=item.listing,
        )
        for item in artifacts
    )
    return builds
