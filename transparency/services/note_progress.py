"""Say in a job's log what its work has come to; the page of the job shows the newest lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from transparency.models import Job
from transparency.proofs.times import format_time
from transparency.services.claim_job import keep_claim

if TYPE_CHECKING:
    from transparency.services.claim_job import Claim

# A page of it. Work that says more loses its oldest lines; what it found stands in its result.
MAX_LOG_LINES = 200
MAX_LINE_CHARACTERS = 300


def note_progress(claim: Claim, *, text: str) -> None:
    """Add a line, show it as the present step, renew the lease; LeaseLostError when the job was overtaken or cancelled."""
    line = {"at": format_time(timezone.now()), "text": text[:MAX_LINE_CHARACTERS]}
    with transaction.atomic():
        keep_claim(claim, progress={"step": line["text"]})
        row = Job.objects.get(pk=claim.job)
        row.log = [*row.log, line][-MAX_LOG_LINES:]
        row.save(update_fields=["log"])
