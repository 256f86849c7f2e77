"""Jobs that people stop and start again, and what a job says of itself meanwhile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction

from transparency.errors import EvidenceError, LeaseLostError
from transparency.models import Job, Organisation, Person
from transparency.registries import job_performers
from transparency.services.cancel_job import cancel_job
from transparency.services.claim_job import Claim, claim_job, finish_job, keep_claim
from transparency.services.create_job import create_job
from transparency.services.note_progress import MAX_LINE_CHARACTERS, MAX_LOG_LINES, note_progress
from transparency.services.perform_job import perform_job
from transparency.services.retry_job import retry_job

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def olga() -> Person:
    centre = Organisation.objects.create(slug="centre", name="Centre", kind=Organisation.Kind.OPERATOR)
    return Person.objects.create(username="olga", organisation=centre)


@pytest.fixture
def job() -> Iterator[Job]:
    yield create_job(kind="test", payload={}, send=False)
    job_performers.pop("test", None)


def claimed(job: Job) -> Claim:
    claim = claim_job(job=job.pk)
    assert claim is not None
    return claim


def test_a_queued_job_that_is_cancelled_is_never_claimed(job: Job, olga: Person) -> None:
    assert cancel_job(job=job, by=olga).state == Job.State.CANCELLED
    assert claim_job(job=job.pk) is None
    assert job.error is not None
    assert (job.error["code"], job.error["found"]) == ("cancelled", "by a person of centre")


def test_cancelling_twice_gives_the_same_answer(job: Job, olga: Person) -> None:
    first = cancel_job(job=job, by=olga).finished_at
    assert cancel_job(job=job, by=olga).finished_at == first


def test_what_a_cancelled_worker_wrote_goes_with_its_transaction(job: Job, olga: Person) -> None:
    claim = claimed(job)
    cancel_job(job=job, by=olga)
    with pytest.raises(LeaseLostError):
        keep_claim(claim, progress={})
    with pytest.raises(LeaseLostError), transaction.atomic():  # noqa: PT012 - what is written before is the point
        create_job(kind="half", payload={}, send=False)
        finish_job(claim, result={})
    assert not Job.objects.filter(kind="half").exists()
    job.refresh_from_db()
    assert (job.state, job.result) == (Job.State.CANCELLED, None)


def test_a_running_worker_stops_at_its_next_sign_of_life(job: Job, olga: Person) -> None:
    done: list[str] = []

    def work(claim: Claim) -> None:
        cancel_job(job=job, by=olga)
        note_progress(claim, text="still here")
        done.append("never")

    job_performers["test"] = work
    assert not perform_job(job=job.pk)
    assert done == []
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED


def test_a_refusal_found_after_the_cancellation_changes_nothing(job: Job, olga: Person) -> None:
    def refuse(_claim: Claim) -> None:
        cancel_job(job=job, by=olga)
        raise EvidenceError("bad-thing", expected="good", found="bad")

    job_performers["test"] = refuse
    assert not perform_job(job=job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert job.error is not None
    assert job.error["code"] == "cancelled"


def test_a_job_that_ended_cannot_be_cancelled(job: Job, olga: Person) -> None:
    finish_job(claimed(job), result={"made": 1})
    with pytest.raises(EvidenceError, match="job-ended"):
        cancel_job(job=job, by=olga)
    job.refresh_from_db()
    assert (job.state, job.result) == (Job.State.DONE, {"made": 1})


def test_of_a_cancellation_and_an_end_at_one_moment_exactly_one_happens(job: Job, olga: Person) -> None:
    claim, start, outcome = claimed(job), threading.Barrier(2), []

    def end() -> None:
        start.wait()
        try:
            finish_job(claim, result={})
            outcome.append("done")
        except LeaseLostError:
            outcome.append("lost")
        connection.close()

    worker = threading.Thread(target=end)
    worker.start()
    start.wait()
    try:
        cancel_job(job=job, by=olga)
        outcome.append("cancelled")
    except EvidenceError:
        outcome.append("ended")
    worker.join()
    assert sorted(outcome) in (["cancelled", "lost"], ["done", "ended"])


def test_a_cancelled_job_is_put_back_and_starts_afresh(job: Job, olga: Person) -> None:
    claimed(job)
    cancel_job(job=job, by=olga)
    again = retry_job(job=job.pk, send=False)
    assert (again.state, again.attempt, again.error, again.finished_at) == (Job.State.QUEUED, 0, None, None)
    assert retry_job(job=job.pk, send=False).state == Job.State.QUEUED
    claimed(job)
    assert retry_job(job=job.pk, send=False).state == Job.State.RUNNING


def test_a_job_that_ended_well_is_not_tried_again(job: Job) -> None:
    finish_job(claimed(job), result={})
    with pytest.raises(EvidenceError, match="job-done"):
        retry_job(job=job.pk, send=False)


def test_a_worker_that_slept_through_a_cancellation_and_a_retry_cannot_commit(job: Job, olga: Person) -> None:
    """Both hold attempt 1: the number alone does not tell them apart."""
    slept = claimed(job)
    cancel_job(job=job, by=olga)
    retry_job(job=job.pk, send=False)
    awake = claimed(job)
    assert slept.attempt == awake.attempt
    with pytest.raises(LeaseLostError):
        finish_job(slept, result={"by": "the sleeper"})
    finish_job(awake, result={"by": "the other"})
    job.refresh_from_db()
    assert job.result == {"by": "the other"}


def test_the_log_keeps_its_newest_lines_and_cuts_long_ones(job: Job) -> None:
    claim = claimed(job)
    Job.objects.filter(pk=job.pk).update(log=[{"at": "", "text": str(each)} for each in range(MAX_LOG_LINES)])
    note_progress(claim, text="x" * 1000)
    job.refresh_from_db()
    assert len(job.log) == MAX_LOG_LINES
    assert job.log[0]["text"] == "1"
    assert job.log[-1]["text"] == "x" * MAX_LINE_CHARACTERS
    assert job.progress == {"step": "x" * MAX_LINE_CHARACTERS}


def test_the_log_tells_how_each_attempt_began_and_ended(job: Job) -> None:
    def refuse(claim: Claim) -> None:
        note_progress(claim, text="Looking at it.")
        raise EvidenceError("bad-thing", expected="good", found="bad")

    job_performers["test"] = refuse
    assert perform_job(job=job.pk)
    retry_job(job=job.pk, send=False)
    assert perform_job(job=job.pk)
    job.refresh_from_db()
    once = ["Attempt 1 begins.", "Looking at it.", "Stopped: bad-thing: expected good, found bad"]
    assert [line["text"] for line in job.log] == once * 2
