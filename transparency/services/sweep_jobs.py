"""Put stale jobs back into the queue and send again what the broker lost. Run by the supervisor every few seconds."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from transparency.models import Job
from transparency.services.send_job import send_job


def sweep_jobs() -> int:
    """Return how many jobs were sent again."""
    now = timezone.now()
    stale = Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=now)
    stale.filter(attempt__gte=settings.JOB_MAX_ATTEMPTS).update(
        state=Job.State.FAILED,
        lease_until=None,
        finished_at=now,
        error={
            "code": "attempts-exhausted",
            "expected": f"at most {settings.JOB_MAX_ATTEMPTS} attempts",
            "found": "the last worker died as well",
            "subject": "",
        },
    )
    stale.update(state=Job.State.QUEUED, lease_until=None, sent_at=None)
    lost = Q(sent_at__isnull=True) | Q(sent_at__lt=now - timedelta(seconds=settings.JOB_LEASE_SECONDS))
    jobs = list(Job.objects.filter(lost, state=Job.State.QUEUED)[:100])
    for job in jobs:
        send_job(job=job)
    return len(jobs)
