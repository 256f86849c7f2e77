"""Which events a dossier carries: all of its release, and what happened to a key that a signature in it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from transparency.models import Event, LogEntry, SignatureFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from transparency.models import BuildList, Delivery, Release

_OF_KEYS = (Event.Kind.KEY_REVOKED, Event.Kind.KEY_ROTATED, Event.Kind.KEY_UPDATED)


def collect_events(
    *, release: Release, deliveries: Iterable[Delivery], builds: Iterable[BuildList], size: int
) -> list[tuple[LogEntry, bytes]]:
    """The log entry and the record of each, in the order of the log; those that a log of this size has not are not told yet."""
    signed = Q(delivery__in=[row.pk for row in deliveries]) | Q(build_list__in=[row.pk for row in builds])
    keys = SignatureFile.objects.filter(signed).exclude(key="").values("key")
    product = release.product
    of_keys = Q(kind__in=_OF_KEYS, anchor__fingerprint__in=keys)
    relied_on = of_keys & (Q(product=product) | Q(vendor=product.vendor_id))
    records = {
        row.record_digest: bytes(row.record) for row in Event.objects.filter(Q(release=release) | relied_on).distinct()
    }
    entries = LogEntry.objects.filter(kind="event", digest__in=list(records), index__lt=size).order_by("index")
    return [(entry, records[entry.digest]) for entry in entries]
