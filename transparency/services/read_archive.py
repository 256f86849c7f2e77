"""Read an archive's members once and put what comes out into the object store: pack, index, manifest, file table."""

from __future__ import annotations

import gc
import hashlib
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from transparency.gateways.decompress import open_archive
from transparency.gateways.durable import temporary_file
from transparency.gateways.gitstore import check_git_rules
from transparency.models.product import fresh_secret
from transparency.proofs.digest import Digest
from transparency.proofs.sources.archive import ArchiveError
from transparency.proofs.sources.intake import Intake, Limits, Progress, take_in
from transparency.proofs.sources.paths import Finding
from transparency.services.claim_job import keep_claim
from transparency.services.stores import objects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from transparency.models import Release
    from transparency.services.claim_job import Claim
    from transparency.services.stored_files import StoredFile

HEARTBEAT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class StoredObjects:
    """Names of what an intake left in the store (the manifest's name is the snapshot's)."""

    pack: Digest
    index: Digest
    file_table: Digest


@dataclass(frozen=True, slots=True)
class StoredIntake:
    """An intake and where its objects are; with refusals there are none."""

    intake: Intake
    opening_secret: bytes
    opening_root: Digest | None
    objects: StoredObjects | None

    @property
    def refused(self) -> bool:
        return bool(self.intake.refused)


class _Heartbeat:
    """Renews the claim at most once a second with what the pass has seen so far."""

    def __init__(self, claim: Claim, total: int) -> None:
        self._claim = claim
        self._total = total
        self._last = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last >= HEARTBEAT_SECONDS:
            self._last = now
            done = {"step": "reading members", "members": progress.members, "bytes": progress.bytes}
            keep_claim(
                self._claim, progress=done | {"archiveBytes": progress.archive_bytes, "archiveSize": self._total}
            )


@contextmanager
def _without_collection() -> Iterator[None]:
    """Hundreds of thousands of small values and no cycles: collecting garbage among them would only cost time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def read_archive(claim: Claim, *, release: Release, archive: StoredFile, keep: bool = True) -> StoredIntake:
    """Stream an archive through the proof room; nothing is extracted, nothing lies half there. `keep=False` stores nothing."""
    compartment = release.product.store_key
    secret = fresh_secret()
    with (
        objects().open(compartment, archive.digest) as source,
        temporary_file(objects().scratch(compartment), f"pack.{claim.attempt}") as (pack, path),
    ):
        with open_archive(source) as members, _without_collection():
            heartbeat = _Heartbeat(claim, archive.size)
            intake = take_in(members, pack, secret=secret, limits=Limits(), progress=heartbeat)
        try:
            check_git_rules(intake.git_files)
        except ArchiveError as error:
            intake = Intake(intake.flagged, (Finding(error.subject, error.code, error.found, fatal=True),))
        if intake.refused:
            return StoredIntake(intake, secret, None, None)
        return StoredIntake(intake, secret, intake.opening_root, _store(compartment, intake, pack, path, keep=keep))


def _store(compartment: str, intake: Intake, pack: BinaryIO, path: Path, *, keep: bool) -> StoredObjects:
    pack.flush()
    with path.open("rb") as again:
        digest = Digest(hashlib.file_digest(again, "sha256").digest())
    if keep:
        objects().adopt(compartment, digest, pack, path)
        for data in (intake.manifest, intake.index, intake.file_table):
            objects().put_bytes(compartment, data)
    return StoredObjects(pack=digest, index=Digest.of(intake.index), file_table=Digest.of(intake.file_table))
