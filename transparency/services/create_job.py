"""Ask for long work, once: the same request gives the same job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from transparency.models import Job
from transparency.proofs.canonical import canonical_json
from transparency.proofs.digest import Digest
from transparency.services.retry_job import retry_job
from transparency.services.send_job import send_job

if TYPE_CHECKING:
    from transparency.models import Person


def create_job(*, kind: str, payload: dict[str, Any], requested_by: Person | None = None, send: bool = True) -> Job:
    """Return the job for (kind, payload), new or old. `send=False`: the caller claims it itself; the sweep sends it if the caller dies."""
    key = Digest.of(canonical_json({"kind": kind, "payload": payload})).hex
    with transaction.atomic():
        job, created = Job.objects.get_or_create(
            idempotency_key=key,
            defaults={"kind": kind, "payload": payload, "requested_by": requested_by, "sent_at": timezone.now()},
        )
        if not created and job.state in {Job.State.FAILED, Job.State.CANCELLED}:
            job = retry_job(job=job.pk, send=False)
        if send and job.state == Job.State.QUEUED:
            transaction.on_commit(lambda: send_job(job=job))
    return job
