"""Stop a job that waits or runs. Whoever works on it finds out at its next sign of life, and then nothing of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from transparency.errors import EvidenceError
from transparency.models import Job

if TYPE_CHECKING:
    from transparency.models import Person

_OPEN = (Job.State.QUEUED, Job.State.RUNNING)


def cancel_job(*, job: Job, by: Person) -> Job:
    """Return the job, cancelled now or before; `job-ended` when it ended by itself. Whether `by` may is the caller's question."""
    organisation = by.organisation.slug if by.organisation else ""
    error = {"code": "cancelled", "expected": "", "found": f"by a person of {organisation}", "subject": ""}
    Job.objects.filter(pk=job.pk, state__in=_OPEN).update(
        state=Job.State.CANCELLED, lease_until=None, finished_at=timezone.now(), error=error
    )
    job.refresh_from_db()
    if job.state != Job.State.CANCELLED:
        raise EvidenceError("job-ended", expected="a job that waits or runs", found=job.state)
    return job
