"""Jobs: claimed once, fenced, swept, given back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from transparency.errors import EvidenceError, LeaseLostError, UnavailableError
from transparency.models import Job
from transparency.registries import job_performers
from transparency.services.claim_job import Claim, claim_job, finish_job, keep_claim
from transparency.services.create_job import create_job
from transparency.services.perform_job import perform_job
from transparency.services.sweep_jobs import sweep_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.django_db(transaction=True)


def make(number: int = 1) -> Job:
    return create_job(kind="test", payload={"number": number}, send=False)


def expire(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def performer() -> Iterator[Callable[[Callable[[Claim], None]], None]]:
    """Registers what performs jobs of kind `test`."""

    def register(perform: Callable[[Claim], None]) -> None:
        job_performers["test"] = perform

    yield register
    job_performers.pop("test", None)


def test_the_same_request_is_the_same_job() -> None:
    assert make().pk == make().pk
    assert make().pk != make(2).pk


def test_a_job_is_claimed_by_one_worker_only() -> None:
    job = make()
    assert claim_job(job=job.pk) is not None
    assert claim_job(job=job.pk) is None


def test_after_its_lease_another_worker_takes_over_and_the_first_cannot_commit() -> None:
    job = make()
    first = claim_job(job=job.pk)
    assert first is not None
    expire(job)
    second = claim_job(job=job.pk)
    assert second is not None
    assert second.attempt == 2
    with pytest.raises(LeaseLostError):
        keep_claim(first, progress={})
    with pytest.raises(LeaseLostError), transaction.atomic():  # noqa: PT012 - what is written before is the point
        create_job(kind="half", payload={}, send=False)
        finish_job(first, result={"by": "first"})
    assert not Job.objects.filter(kind="half").exists(), "what the late worker wrote went with its transaction"
    finish_job(second, result={"by": "second"})
    job.refresh_from_db()
    assert (job.state, job.result) == (Job.State.DONE, {"by": "second"})


def test_a_renewed_lease_is_not_taken_over() -> None:
    job = make()
    claim = claim_job(job=job.pk)
    assert claim is not None
    expire(job)
    keep_claim(claim, progress={"step": "reading"})
    assert claim_job(job=job.pk) is None


def test_the_sweep_puts_stale_jobs_back_and_gives_up_after_the_last_attempt() -> None:
    job = make()
    for attempt in range(settings.JOB_MAX_ATTEMPTS):
        assert claim_job(job=job.pk), attempt
        expire(job)
        sweep_jobs()
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert job.error is not None
    assert job.error["code"] == "attempts-exhausted"


def test_a_refusal_fails_the_job_with_its_data(performer: Callable[[Callable[[Claim], None]], None]) -> None:
    def refuse(_claim: Claim) -> None:
        raise EvidenceError("bad-thing", expected="good", found="bad", subject="it")

    performer(refuse)
    job = make()
    assert perform_job(job=job.pk)
    job.refresh_from_db()
    assert job.error == {"code": "bad-thing", "expected": "good", "found": "bad", "subject": "it"}
    assert job.state == Job.State.FAILED


def test_weather_gives_the_job_back_until_the_last_attempt(
    performer: Callable[[Callable[[Claim], None]], None],
) -> None:
    def rain(_claim: Claim) -> None:
        raise UnavailableError("disk-failed", expected="a write", found="rain")

    performer(rain)
    job = make()
    for _ in range(settings.JOB_MAX_ATTEMPTS - 1):
        perform_job(job=job.pk)
        job.refresh_from_db()
        assert job.state == Job.State.QUEUED
    perform_job(job=job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED


def test_an_interrupted_command_leaves_the_job_to_others(performer: Callable[[Callable[[Claim], None]], None]) -> None:
    def interrupt(_claim: Claim) -> None:
        raise KeyboardInterrupt

    performer(interrupt)
    job = make()
    with pytest.raises(KeyboardInterrupt):
        perform_job(job=job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED


def test_a_failed_job_that_is_asked_for_again_starts_afresh(
    performer: Callable[[Callable[[Claim], None]], None],
) -> None:
    performer(lambda claim: finish_job(claim, result={}))
    job = make()
    Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED, attempt=5, error={"code": "x"})
    again = make()
    assert (again.pk, again.state, again.attempt, again.error) == (job.pk, Job.State.QUEUED, 0, None)
    assert perform_job(job=job.pk)
