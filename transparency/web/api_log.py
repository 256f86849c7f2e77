"""The log for machines: its checkpoint, its entries, one entry with its proof. Tiles lie below /log/tile/ as C2SP says."""

import base64

from django.http import HttpRequest
from django.urls import reverse
from ninja import Query, Router

from transparency import models
from transparency.proofs.log.leaf import parse_leaf
from transparency.proofs.log.merkle import leaf_hash
from transparency.proofs.log.proof import format_log_proof
from transparency.queries import installation, log_head, prove_entry
from transparency.web.api_doors import as_of, page_of, reads
from transparency.web.api_shapes import (
    AfterNumber,
    LogAnswer,
    LogEntriesAnswer,
    LogEntry,
    LogEntryAnswer,
    LogSubject,
)
from transparency.web.log_files import entry_or_404

router = Router()
_TAG = "log"


@reads(router, "/log", LogAnswer, tag=_TAG)
def log(request: HttpRequest) -> LogAnswer:  # noqa: ARG001 - what is in the log is for everybody
    """The newest checkpoint."""
    head = log_head()
    return LogAnswer(
        as_of=as_of(head),
        checkpoint=bytes(head.checkpoint).decode(),
        verifier_key=installation().vkey,
        tiles="/log/tile/",
    )


@reads(router, "/log/entries", LogEntriesAnswer, tag=_TAG)
def log_entries(request: HttpRequest, page: Query[AfterNumber]) -> LogEntriesAnswer:  # noqa: ARG001
    """Entries that the checkpoint covers, oldest first."""
    head = log_head()
    begin = 0 if page.after is None else min(page.after + 1, head.size)
    rows = models.LogEntry.objects.filter(index__gte=begin, index__lt=head.size).order_by("index")
    place = reverse("api-v1:log_entries")
    shown, following = page_of(rows, limit=page.limit, place=place, after=lambda row: row.index)
    return LogEntriesAnswer(as_of=as_of(head), entries=[entry_shape(row) for row in shown], next=following)


@reads(router, "/log/entries/{int:index}", LogEntryAnswer, tag=_TAG)
def log_entry(request: HttpRequest, index: int) -> LogEntryAnswer:  # noqa: ARG001
    """One entry with the proof that the checkpoint covers it."""
    head = log_head()
    row = entry_or_404(index, head)
    proof = prove_entry(row, head)
    return LogEntryAnswer(
        as_of=as_of(head),
        entry=entry_shape(row),
        hashes=[each.hex() for each in proof.hashes],
        proof=format_log_proof(proof).decode(),
    )


def entry_shape(row: models.LogEntry) -> LogEntry:
    data = bytes(row.leaf)
    leaf = parse_leaf(data)
    return LogEntry(
        index=row.index or 0,
        kind=leaf.kind,
        committed=leaf.committed,
        value=leaf.value.hex,
        subjects=[LogSubject(name=subject.name, value=subject.value.hex) for subject in leaf.subjects],
        organisation=leaf.org,
        time=leaf.time,
        leaf=base64.b64encode(data).decode(),
        leaf_hash=leaf_hash(data).hex(),
    )
