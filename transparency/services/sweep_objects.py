"""Remove what nothing refers to any more: files of dry runs, of imports that failed for good, of writers that died half-way.

An object is kept while a row names it, or a job that may still be tried, or for a week after somebody last put it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from transparency.gateways.upkeep import upkeep_lock
from transparency.models import (
    Artifact,
    BuildList,
    Comparison,
    Delivery,
    Job,
    Product,
    Sbom,
    SignatureFile,
    Snapshot,
    SnapshotPack,
    Upload,
)
from transparency.services.imagine_release import NO_PRODUCT
from transparency.services.measure_storage import measure_storage
from transparency.services.stores import cache, objects
from transparency.services.sweep_uploads import sweep_uploads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

UNFINISHED = timedelta(days=1)
UNUSED = timedelta(days=7)
# How long a job that failed or was cancelled may be tried again from the files as they came.
RETRY = timedelta(days=30)
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class Swept:
    """How many unfinished files and unused objects were removed."""

    unfinished: int
    unused: int


def sweep_objects(*, now: datetime | None = None) -> Swept:
    """Remove leftovers of every product; safe beside running imports. While a backup is made nothing goes: the next turn comes soon."""
    moment = now or timezone.now()
    with upkeep_lock(settings.HOME, wait=False) as held:
        return _sweep(moment) if held else Swept(0, 0)


def named_objects(product: Product) -> Iterator[str]:
    """The objects that rows of a product name and that must be there."""
    deliveries = Delivery.objects.filter(release__product=product)
    builds = BuildList.objects.filter(release__product=product)
    signatures = SignatureFile.objects.filter(Q(delivery__in=deliveries) | Q(build_list__in=builds))
    for rows in (
        deliveries.values_list("archive_sha256"),
        builds.values_list("sha256"),
        Artifact.objects.filter(build_list__in=builds).values_list("sha256"),
        signatures.values_list("sha256"),
        Snapshot.objects.filter(product=product).values_list("manifest", "file_table"),
        SnapshotPack.objects.filter(snapshot__product=product).values_list("pack", "index"),
        Comparison.objects.filter(first__product=product).values_list("result"),
        Sbom.objects.filter(release__product=product).values_list("sha256"),
    ):
        yield from filter(None, _flat(rows))


def _sweep(moment: datetime) -> Swept:
    unfinished = objects().sweep(older_than=(moment - UNFINISHED).timestamp())
    sweep_uploads(now=moment)
    before = (moment - UNUSED).timestamp()
    unused = 0
    # What dry runs of products that are not there left lies in the compartment of none.
    for product in (*Product.objects.all(), Product(pk=NO_PRODUCT)):
        if product.store_key in objects().compartments():
            used = set(_used(product, moment))
            for digest in list(objects().unused(product.store_key, used, older_than=before)):
                unused += objects().remove(product.store_key, digest, older_than=before)
    cache().shrink()
    measure_storage(now=moment)
    return Swept(unfinished, unused)


def _used(product: Product, now: datetime) -> Iterator[str]:
    yield from named_objects(product)
    deliveries = Delivery.objects.filter(release__product=product)
    for values in deliveries.values_list("components", "cover", "git"):
        yield from _digests([*values])
    waiting_bills = deliveries.filter(state=Delivery.State.QUARANTINED, job__payload__sbom__isnull=False)
    for bill in waiting_bills.values_list("job__payload__sbom", flat=True):  # compared once its delivery is let in
        yield from _digests(bill)
    for stored in Upload.objects.filter(product=product, stored__isnull=False).values_list("stored", flat=True):
        yield from _digests(stored)
    waiting = Q(state__in=[Job.State.QUEUED, Job.State.RUNNING]) | Q(finished_at__gt=now - RETRY)
    for payload in Job.objects.filter(waiting).exclude(state=Job.State.DONE).values_list("payload", flat=True):
        yield from _digests(payload)


def _flat(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for row in rows:
        yield from row


def _digests(value: Any) -> Iterator[str]:
    """Every text in a JSON value that is shaped like a digest: naming too many keeps too much, never too little."""
    if isinstance(value, str) and _DIGEST.match(value):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _digests(item)
    elif isinstance(value, list):
        for item in value:
            yield from _digests(item)
