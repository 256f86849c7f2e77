"""Read an archive's members once and put what comes out into the object store: pack, index, manifest, file table."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from transparency.gateways.decompress import open_archive
from transparency.gateways.durable import temporary_file
from transparency.gateways.gitstore import check_special_blobs
from transparency.models.product import fresh_secret
from transparency.proofs.digest import Digest
from transparency.proofs.sources.intake import Intake, Limits, Progress, take_in
from transparency.services.claim_job import keep_claim
from transparency.services.stores import objects

if TYPE_CHECKING:
    from pathlib import Path

    from transparency.models import Release
    from transparency.services.claim_job import Claim

HEARTBEAT_SECONDS = 1.0
HASH_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredIntake:
    """An intake whose objects are in the store. With refusals nothing but the intake itself is kept."""

    intake: Intake
    opening_secret: bytes
    opening_root: Digest
    pack: Digest
    index: Digest
    file_table: Digest

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
            keep_claim(self._claim, progress=done | {"archiveBytes": progress.archive_bytes, "archiveSize": self._total})


def read_archive(claim: Claim, *, release: Release) -> StoredIntake:
    """Stream the archive of the claim through the proof room; nothing is extracted, nothing lies half there."""
    compartment = release.product.store_key
    archive = claim.payload["archive"]
    secret = fresh_secret()
    with (
        objects().open(compartment, Digest.parse(archive["sha256"])) as source,
        temporary_file(objects().scratch(compartment), f"pack.{claim.attempt}") as (pack, path),
    ):
        with open_archive(source) as members:
            heartbeat = _Heartbeat(claim, archive["size"])
            intake = take_in(members, pack, secret=secret, limits=Limits(), progress=heartbeat)
        return _store(compartment, intake, secret, pack, path)


def _store(compartment: str, intake: Intake, secret: bytes, pack: BinaryIO, path: Path) -> StoredIntake:
    pack_digest = _digest_of(pack, path)
    objects().adopt(compartment, pack_digest, pack, path)
    objects().put_bytes(compartment, intake.manifest)
    return StoredIntake(
        intake=intake,
        opening_secret=secret,
        opening_root=intake.opening_root,
        pack=pack_digest,
        index=objects().put_bytes(compartment, intake.index),
        file_table=objects().put_bytes(compartment, intake.file_table),
    )


def _digest_of(stream: BinaryIO, path: Path) -> Digest:
    stream.flush()
    with path.open("rb") as again:
        return Digest(hashlib.file_digest(again, "sha256").digest())
