"""Claim a job and do it. Workers and commands come through here alike."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from transparency.errors import EvidenceError, LeaseLostError, UnavailableError
from transparency.registries import job_performers
from transparency.services.claim_job import claim_job, fail_job, release_job

if TYPE_CHECKING:
    from uuid import UUID

_logger = logging.getLogger(__name__)


def perform_job(*, job: UUID) -> bool:
    """Whether this process did the work; False when there was nothing to claim or the claim was lost on the way."""
    claim = claim_job(job=job)
    if claim is None:
        return False
    try:
        job_performers[claim.kind](claim)
    except LeaseLostError:
        _logger.warning("job %s was overtaken during attempt %s", claim.job, claim.attempt)
        return False
    except EvidenceError as error:
        fail_job(claim, error=error)
    except UnavailableError as error:
        release_job(claim, error=error)
    except BaseException:  # a bug, or Ctrl-C: never swallowed, but the job need not wait for its lease
        release_job(claim, error=UnavailableError("interrupted", found="see the server's log"))
        raise
    return True
