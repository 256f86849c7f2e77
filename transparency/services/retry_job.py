"""Put a job that failed or was cancelled back into the queue: the same question, asked once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from transparency.errors import EvidenceError
from transparency.models import Job
from transparency.services.send_job import send_job

if TYPE_CHECKING:
    from uuid import UUID

_ENDED_BADLY = (Job.State.FAILED, Job.State.CANCELLED)
_OPEN = (Job.State.QUEUED, Job.State.RUNNING)


def retry_job(*, job: UUID, send: bool = True) -> Job:
    """Return the job, queued now or still open; `job-done` when it ended well. Whether somebody may ask is the caller's question."""
    with transaction.atomic():
        again = Job.objects.filter(pk=job, state__in=_ENDED_BADLY).update(
            state=Job.State.QUEUED,
            attempt=0,
            error=None,
            result=None,
            finished_at=None,
            progress={},
            sent_at=timezone.now(),
        )
        row = Job.objects.get(pk=job)
        if again and send:
            transaction.on_commit(lambda: send_job(job=row))
    if row.state not in _OPEN:
        raise EvidenceError("job-done", expected="a job that failed or was cancelled", found=row.state)
    return row
