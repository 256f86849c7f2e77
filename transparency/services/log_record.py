"""Write a leaf for a record, in the transaction that writes the record; the sequencer gives it its index after the commit."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import OperationalError, transaction
from django.utils import timezone

from transparency.errors import UnavailableError
from transparency.gateways.durable import disk_weather
from transparency.models import LogEntry
from transparency.proofs.log.leaf import committed_leaf, format_leaf, format_opening, open_leaf
from transparency.services.publish_log import publish_pending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.models import Organisation, Product
    from transparency.proofs.digest import Digest


_logger = logging.getLogger(__name__)


def log_record(
    *,
    kind: str,
    digest: Digest,
    subjects: Sequence[tuple[str, Digest]],
    organisation: Organisation,
    product: Product | None,
) -> LogEntry:
    """Return the entry for (kind, digest), new or old. For a restricted product the leaf holds commitments only (docs/formats.md 5)."""
    if not transaction.get_connection().in_atomic_block:
        raise AssertionError("a leaf is written together with its record")
    existing = LogEntry.objects.filter(kind=kind, digest=digest.hex).first()
    if existing:
        return existing
    now = timezone.now()
    if product is not None and product.is_restricted:
        leaf, opening = committed_leaf(
            bytes(product.secret), kind=kind, digest=digest, subjects=subjects, org=organisation.slug, time=now
        )
        opening_bytes = format_opening(opening)
    else:
        leaf, opening_bytes = (
            open_leaf(kind=kind, digest=digest, subjects=subjects, org=organisation.slug, time=now),
            None,
        )
    entry = LogEntry.objects.create(kind=kind, digest=digest.hex, leaf=format_leaf(leaf), opening=opening_bytes)
    transaction.on_commit(_publish_soon)
    return entry


def _publish_soon() -> None:
    """What is committed stays committed: a log that cannot be written now is written by the next sweep."""
    try:
        with disk_weather():
            publish_pending()
    except (UnavailableError, OperationalError) as error:
        _logger.warning("the log waits for the next sweep: %s", error)
