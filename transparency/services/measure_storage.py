"""Measure how much the last weeks put into the object store, and keep it for the operator's page.

By the rows' own times, because a restore gives every file a new one. Counted is what a row of that time brought: archives, signatures,
builds, snapshots with their packs; what several brought counts once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Min

from transparency.models import Artifact, Delivery, Product, SignatureFile, Snapshot, SnapshotPack
from transparency.proofs.digest import Digest
from transparency.services.record_upkeep import record_upkeep
from transparency.services.stores import objects

if TYPE_CHECKING:
    from collections.abc import Iterator

WEEKS = 4
ENOUGH_DAYS = 7


def measure_storage(*, now: datetime) -> None:
    """Record bytes a week as `storage`; without `bytesPerWeek` while less than a week is there to measure."""
    first = Delivery.objects.aggregate(first=Min("created_at"))["first"]
    days = min((now - first).days, WEEKS * 7) if first else 0
    if days < ENOUGH_DAYS:
        record_upkeep("storage", {"days": days})
        return
    named = set(_named_since(now - timedelta(days=days)))
    stored = sum(objects().size(Product(pk=product).store_key, Digest.parse(digest)) for product, digest in named)
    record_upkeep("storage", {"days": days, "bytes": stored, "bytesPerWeek": stored * 7 // days})


def _named_since(start: datetime) -> Iterator[tuple[int, str]]:
    """(product, digest) of every object that a row since then names."""
    snapshots = Snapshot.objects.filter(created_at__gte=start)
    deliveries = Delivery.objects.filter(created_at__gte=start)
    artifacts = Artifact.objects.filter(build_list__created_at__gte=start)
    signatures = SignatureFile.objects.filter(delivery__in=deliveries)
    packs = SnapshotPack.objects.filter(snapshot__in=snapshots)
    for rows in (
        snapshots.values_list("product", "manifest", "file_table"),
        packs.values_list("snapshot__product", "pack", "index"),
        deliveries.values_list("release__product", "archive_sha256"),
        signatures.values_list("delivery__release__product", "sha256"),
        artifacts.values_list("build_list__release__product", "sha256"),
    ):
        for product, *digests in rows.iterator():
            yield from ((product, digest) for digest in digests if digest)
