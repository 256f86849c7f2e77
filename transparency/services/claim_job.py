"""Claim a job, keep the claim alive, and end it. All by conditional updates on (id, attempt, worker, state): nothing else is trusted.

A worker that was paused past its lease finds that its attempt no longer matches and cannot commit (`LeaseLostError`): `finish_job` is
called inside the transaction that writes the results. Each claim has a name of its own (`worker`): attempts begin at one again when a job
is asked for anew, so a worker that slept through that must not pass for the one that works on it now.
"""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from transparency.errors import EvidenceError, LeaseLostError, UnavailableError
from transparency.models import Job

if TYPE_CHECKING:
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a job, as the `attempt`-th to do so, until the lease runs out or is renewed."""

    job: UUID
    attempt: int
    kind: str
    payload: dict[str, Any]
    worker: str


def claim_job(*, job: UUID) -> Claim | None:
    """Claim a queued job, or a running one whose lease ran out; None when it is done, or somebody else's."""
    now = timezone.now()
    worker = f"{socket.gethostname()[:100]}:{os.getpid()}:{secrets.token_hex(8)}"
    free = Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING, lease_until__lt=now)
    claimed = Job.objects.filter(free, pk=job, attempt__lt=settings.JOB_MAX_ATTEMPTS).update(
        state=Job.State.RUNNING,
        attempt=F("attempt") + 1,
        worker=worker,
        lease_until=now + timedelta(seconds=settings.JOB_LEASE_SECONDS),
        heartbeat_at=now,
    )
    if not claimed:
        return None
    row = Job.objects.get(pk=job)
    return Claim(row.pk, row.attempt, row.kind, row.payload, worker)


def keep_claim(claim: Claim, *, progress: dict[str, Any]) -> None:
    """Renew the lease and show progress; LeaseLostError when the job was overtaken or cancelled."""
    now = timezone.now()
    _update(claim, progress=progress, heartbeat_at=now, lease_until=now + timedelta(seconds=settings.JOB_LEASE_SECONDS))


def finish_job(claim: Claim, *, result: dict[str, Any]) -> None:
    """Mark done. Call it inside the transaction that writes the results, so that both happen or neither."""
    _update(claim, state=Job.State.DONE, result=result, error=None, lease_until=None, finished_at=timezone.now())


def fail_job(claim: Claim, *, error: EvidenceError | UnavailableError) -> None:
    """Mark failed for good, with the error's data."""
    _update(claim, state=Job.State.FAILED, error=error_data(error), lease_until=None, finished_at=timezone.now())


def release_job(claim: Claim, *, error: UnavailableError) -> None:
    """Weather: give the job back for another attempt, keeping the reason; failed when it was the last one."""
    if claim.attempt >= settings.JOB_MAX_ATTEMPTS:
        fail_job(claim, error=error)
        return
    _update(claim, state=Job.State.QUEUED, error=error_data(error), lease_until=None, sent_at=timezone.now())


def error_data(error: EvidenceError | UnavailableError) -> dict[str, str]:
    return {"code": error.code, "expected": error.expected, "found": error.found, "subject": error.subject}


def _update(claim: Claim, **values: object) -> None:
    held = Job.objects.filter(pk=claim.job, attempt=claim.attempt, worker=claim.worker, state=Job.State.RUNNING)
    if not held.update(**values):
        raise LeaseLostError(str(claim.job), claim.attempt)
