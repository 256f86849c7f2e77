"""Judge what arrived: signatures over the archive, over a list that names it, or over the decompressed tar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.models import Delivery, LogEntry
from transparency.services.judge_files import judge_file

if TYPE_CHECKING:
    from datetime import datetime

    from transparency.gateways.sandbox import Meter
    from transparency.proofs.signatures.judge import Verdict
    from transparency.services.arrival import Arrival
    from transparency.services.claim_job import Claim


def judge_arrival(claim: Claim, arrival: Arrival, meter: Meter) -> Verdict:
    """The verdict over the arrival's signatures, whatever they cover."""
    product, logged_at = arrival.release.product, first_logged(arrival)
    return judge_file(
        product=product, file=arrival.archive, signatures=arrival.signatures, logged_at=logged_at, meter=meter
    )


def first_logged(arrival: Arrival) -> datetime | None:
    """When our log first held a record of these bytes with all of these signatures: a time other than the signer's (EDGES, Time)."""
    records = Delivery.objects.filter(
        release__product=arrival.release.product, archive_sha256=arrival.archive.sha256
    ).exclude(record_digest="")
    for signature in arrival.signatures:  # a signature that came later may have been made later
        records = records.filter(signatures__sha256=signature)
    entries = LogEntry.objects.filter(
        kind="delivery", digest__in=records.values("record_digest"), index__isnull=False
    ).order_by("created_at")
    return entries.values_list("created_at", flat=True).first()
