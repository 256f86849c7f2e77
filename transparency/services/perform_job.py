"""Claim a job and do it. Workers and commands come through here alike."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import OperationalError, transaction

from transparency.errors import EvidenceError, LeaseLostError, UnavailableError, database_weather
from transparency.registries import job_performers
from transparency.services.claim_job import Claim, claim_job, fail_job, release_job
from transparency.services.note_progress import note_progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

_logger = logging.getLogger(__name__)


def perform_job(*, job: UUID) -> bool:
    """Whether this process did the work; False when there was nothing to claim or the claim was lost on the way."""
    claim = claim_job(job=job)
    if claim is None:
        return False
    try:
        note_progress(claim, text=f"Attempt {claim.attempt} begins.")
        job_performers[claim.kind](claim)
    except LeaseLostError:
        return _lost(claim)
    except EvidenceError as error:
        return _end(fail_job, claim, error)
    except UnavailableError as error:
        return _end(release_job, claim, error)
    except OperationalError as error:  # a database that is full, locked or away
        return _end_without_database(claim, error)
    except BaseException:  # a bug, or Ctrl-C: never swallowed, but the job need not wait for its lease
        _end(release_job, claim, UnavailableError("interrupted", found="see the server's log"))
        raise
    return True


def _end(end: Callable[..., None], claim: Claim, error: EvidenceError | UnavailableError) -> bool:
    """End the attempt as `end` says, with its last words in the log; a job that was cancelled meanwhile stays cancelled."""
    try:
        with transaction.atomic():
            note_progress(claim, text=f"Stopped: {error}")
            end(claim, error=error)
    except LeaseLostError:
        return _lost(claim)
    return True


def _end_without_database(claim: Claim, error: OperationalError) -> bool:
    """Give the job back; where even that cannot be written, its lease runs out and the sweep does it."""
    weather = database_weather(error)
    try:
        return _end(release_job, claim, weather)
    except OperationalError:
        raise weather from error


def _lost(claim: Claim) -> bool:
    _logger.warning("job %s was overtaken or cancelled during attempt %s", claim.job, claim.attempt)
    return False
