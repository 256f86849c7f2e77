"""Judge what arrived: signatures over the archive, over a list that names it, over a tag or commit, or over the decompressed tar."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from transparency.errors import EvidenceError
from transparency.gateways.parsing import Over, Tick, quiet
from transparency.models import Delivery, LogEntry
from transparency.proofs.records import DSC
from transparency.proofs.signatures.judge import Step
from transparency.services.arrival import Arrival, Cover
from transparency.services.judge_files import judge_decompressed, judge_file, no_signature
from transparency.services.stored_files import StoredFile

if TYPE_CHECKING:
    from datetime import datetime

    from transparency.gateways.sandbox import Meter
    from transparency.proofs.signatures.judge import Verdict


def judge_arrival(arrival: Arrival, meter: Meter | None = None, tick: Tick = quiet) -> tuple[Arrival, Verdict]:
    """The verdict over the arrival's signatures, and the arrival with what was found to be covered; `tick` is called while it lasts."""
    if arrival.cover and arrival.cover.form == DSC:
        raise AssertionError("a description is judged together with the files that it names: judge_debian.py")
    logged_at = first_logged(arrival)
    if arrival.over == Delivery.Over.DECOMPRESSED and arrival.signatures:
        return _judge_decompressed(arrival, logged_at, meter, tick)
    over = _over(arrival) if arrival.cover else None
    verdict = judge_file(
        product=arrival.release.product,
        file=arrival.cover.file if arrival.cover else arrival.archive,
        signatures=arrival.signatures,
        logged_at=logged_at,
        over=over,
        tick=tick,
        meter=meter,
        as_if=arrival.as_if,
    )
    return arrival, verdict


def _over(arrival: Arrival) -> Over:
    if arrival.git:
        return Over("git")
    return Over("checksums", arrival.archive.name, arrival.archive.digests)


def _judge_decompressed(
    arrival: Arrival, logged_at: datetime | None, meter: Meter | None, tick: Tick
) -> tuple[Arrival, Verdict]:
    """What does not decompress is signed by nobody."""
    archive = arrival.archive
    try:
        verdict, digests = judge_decompressed(
            product=arrival.release.product,
            archive=archive,
            signatures=arrival.signatures,
            logged_at=logged_at,
            tick=tick,
            meter=meter,
            as_if=arrival.as_if,
        )
    except EvidenceError as error:
        step = Step("archive decompresses", "fails", error.expected, error.found)
        return arrival, replace(no_signature(), outcome="invalid", code=error.code, steps=(step,))
    plain = StoredFile(
        name=archive.name.rpartition(".")[0] or archive.name,
        size=digests.size,
        sha256=digests.sha256.hex(),
        sha512=digests.sha512.hex(),
        blake2b512=digests.blake2b512.hex(),
    )
    return replace(arrival, cover=Cover("decompressed", plain)), verdict


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
