"""Read an archive's members once, in the sandbox, and put what comes out into the object store: pack, index, manifest, file table."""

from __future__ import annotations

import hashlib
import io
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from transparency.gateways.durable import temporary_file
from transparency.gateways.parsing import read_members
from transparency.models.product import fresh_secret
from transparency.proofs.commitment import opening_root
from transparency.proofs.digest import Digest
from transparency.proofs.manifest import HEADER
from transparency.services.claim_job import keep_claim
from transparency.services.contain import intake_limits, sandbox
from transparency.services.stores import objects

if TYPE_CHECKING:
    from pathlib import Path

    from transparency.gateways.sandbox import Meter
    from transparency.models import Release
    from transparency.proofs.sources.intake import Intake
    from transparency.proofs.sources.membersource import Progress
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
    opening_secret: bytes = b""
    opening_root: Digest | None = None
    objects: StoredObjects | None = None

    @property
    def refused(self) -> bool:
        return bool(self.intake.refused)


class Heartbeat:
    """Renews the claim at most once a second with what the pass has seen so far."""

    def __init__(self, claim: Claim, total: int, step: str = "reading members") -> None:
        self._claim = claim
        self._total = total
        self._step = step
        self._last = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last >= HEARTBEAT_SECONDS:
            self._last = now
            done = {"step": self._step, "members": progress.members, "bytes": progress.bytes}
            keep_claim(
                self._claim, progress=done | {"archiveBytes": progress.archive_bytes, "archiveSize": self._total}
            )


def read_archive(
    claim: Claim, *, release: Release, archive: StoredFile, meter: Meter | None = None, keep: bool = True
) -> StoredIntake:
    """Stream an archive through the proof room; nothing is extracted, nothing lies half there. `keep=False` stores nothing."""
    compartment = release.product.store_key
    scratch = objects().scratch(compartment)
    with (
        objects().open(compartment, archive.digest) as source,
        temporary_file(scratch, f"pack.{claim.attempt}") as (pack, path),
    ):
        intake = read_members(
            sandbox(),
            source,
            pack,
            limits=intake_limits(),
            scratch=scratch,
            name=archive.name,
            tick=Heartbeat(claim, archive.size),
            meter=meter,
        )
        return store_intake(compartment, intake, pack, path, keep=keep)


def store_intake(compartment: str, intake: Intake, pack: BinaryIO, path: Path, *, keep: bool) -> StoredIntake:
    """Take over the pack at `path` and what else the pass made; the opening secret never was where the archive was parsed."""
    if intake.refused:
        return StoredIntake(intake)
    with path.open("rb") as again:
        digest = Digest(hashlib.file_digest(again, "sha256").digest())
    if keep:
        objects().adopt(compartment, digest, pack, path)
        for data in (intake.manifest, intake.index, intake.file_table):
            objects().put_bytes(compartment, data)
    secret = fresh_secret()
    lines = io.BytesIO(intake.manifest)  # no copy, and one line at a time
    lines.seek(len(HEADER))
    return StoredIntake(
        intake,
        opening_secret=secret,
        opening_root=opening_root(secret, lines),
        objects=StoredObjects(pack=digest, index=Digest.of(intake.index), file_table=Digest.of(intake.file_table)),
    )
