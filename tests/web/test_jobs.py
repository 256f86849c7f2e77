"""The pages of work: progress while it runs, what came of it, who may see, stop and repeat it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from tests.web.posts import check_refusals
from transparency.models import Grant, Job
from transparency.permissions import Right
from transparency.services.create_job import create_job

if TYPE_CHECKING:
    from tests.cast import Cast
    from tests.web.conftest import Browse
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)
RUNNING = {"step": "reading members", "archiveBytes": 5, "archiveSize": 10, "members": 3, "bytes": 1234}


@pytest.fixture
def job(open_release: Release) -> Job:
    """Work of the cast's vendor that a worker has in hand."""
    row = open_release.deliveries.get().job
    lease = timezone.now() + timedelta(minutes=5)
    Job.objects.filter(pk=row.pk).update(state="running", progress=RUNNING, finished_at=None, lease_until=lease)
    row.refresh_from_db()
    return row


@pytest.mark.parametrize("state", list(Job.State.values))
def test_a_job_shows_its_state_and_asks_again_only_while_it_runs(browse: Browse, job: Job, state: str) -> None:
    error = {"code": "object-damaged", "expected": "<a>", "found": "\u202eb"} if state == "failed" else None
    Job.objects.filter(pk=job.pk).update(state=state, error=error)
    page = browse("olga").get(f"/jobs/{job.pk}/").content.decode()
    running = state in {"queued", "running"}
    assert ('<noscript><meta http-equiv="refresh" content="2"></noscript>' in page) == running
    assert ('data-module="job-progress"' in page) == running
    assert ("Cancel this work" in page) == running
    assert ("Try it again" in page) == (state in {"failed", "cancelled"})
    assert f">{state}<" in page
    assert "<h1>Import of a source archive: widget-1.0.tar.gz</h1>" in page
    if error:
        assert "A stored object no longer has the digest that names it." in page
        assert "&lt;a&gt;" in page
        assert "‹U+202E›b" in page


def test_what_was_done_stands_in_the_log(browse: Browse, open_release: Release) -> None:
    page = browse("vera").get(f"/jobs/{open_release.deliveries.get().job_id}/").content.decode()
    for line in (
        "Attempt 1 begins.",
        "Checking 1 signature files over widget-1.0.tar.gz.",
        "The verdict is valid: valid.",
        "Read 5 files: 0 members flagged, 0 refused.",
    ):
        assert line in page, line
    assert f'href="/deliveries/{open_release.deliveries.get().pk}/"' in page


def test_progress_is_plain_data(browse: Browse, job: Job) -> None:
    answer = browse("vera").get(f"/jobs/{job.pk}/progress.json")
    assert "no-store" in answer.headers["Cache-Control"]
    said = answer.json()
    assert {name: said[name] for name in RUNNING} == RUNNING
    assert (said["state"], said["ended"], said["attempt"]) == ("running", False, 1)
    assert said["log"][0]["text"] == "Attempt 1 begins."
    page = browse("vera").get(f"/jobs/{job.pk}/").content.decode()
    assert 'value="5" max="10"' in page
    assert "1,234" in page


@pytest.mark.parametrize("place", ["", "progress.json"])
def test_a_job_is_for_the_operator_its_vendor_and_who_asked(browse: Browse, job: Job, place: str) -> None:
    for person in (None, "anna", "stan"):
        assert browse(person).get(f"/jobs/{job.pk}/{place}").status_code == 404, person
    for person in ("vera", "olga"):
        assert browse(person).get(f"/jobs/{job.pk}/{place}").status_code == 200, person
    assert browse("olga").get(f"/jobs/{uuid.uuid4()}/{place}").status_code == 404


@pytest.mark.parametrize(("action", "state"), [("cancel", "running"), ("retry", "failed")])
def test_only_who_may_see_it_stops_or_repeats_it(browse: Browse, job: Job, action: str, state: str) -> None:
    Job.objects.filter(pk=job.pk).update(state=state)
    check_refusals(
        browse,
        f"/jobs/{job.pk}/{action}/",
        {},
        allowed="vera",
        strangers=("anna", "stan"),
        unchanged=lambda: Job.objects.get(pk=job.pk).state,
        missing=f"/jobs/{uuid.uuid4()}/{action}/",
    )


@pytest.mark.parametrize("person", ["vera", "olga"])
def test_cancelling_and_trying_again_lead_back_to_the_page(browse: Browse, job: Job, person: str) -> None:
    client, place = browse(person), f"/jobs/{job.pk}/"
    assert client.post(f"{place}cancel/").headers["Location"] == place
    page = client.get(place).content.decode()
    assert "Cancelled. Nothing of this work is kept." in page
    assert "Somebody cancelled this work." in page
    assert client.post(f"{place}cancel/").status_code == 302
    assert client.post(f"{place}retry/").headers["Location"] == place
    assert "Queued again, from the beginning." in client.get(place).content.decode()
    assert Job.objects.get(pk=job.pk).state == Job.State.QUEUED


def test_too_late_is_said_and_changes_nothing(browse: Browse, job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(state="done")
    client, place = browse("vera"), f"/jobs/{job.pk}/"
    client.post(f"{place}cancel/")
    assert "This work has already ended." in client.get(place).content.decode()
    client.post(f"{place}retry/")
    assert "This work ended well; there is nothing to try again." in client.get(place).content.decode()
    assert Job.objects.get(pk=job.pk).state == Job.State.DONE


def test_the_list_shows_the_operator_all_and_a_vendor_its_own(browse: Browse, cast: Cast, job: Job) -> None:
    foreign = create_job(kind="reverify", payload={"product": 999}, send=False)
    own = create_job(kind="reverify", payload={"product": job.deliveries.get().release.product_id}, send=False)
    for person, seen in (("olga", {job, own, foreign}), ("vera", {job, own}), ("stan", set()), ("anna", set())):
        page = browse(person).get("/jobs/").content.decode()
        assert {each for each in (job, own, foreign) if f"/jobs/{each.pk}/" in page} == seen, person
    assert "No work was asked for yet." in browse("stan").get("/jobs/").content.decode()
    assert browse(None).get("/jobs/").status_code == 302


def test_the_list_is_filtered_by_state_and_kind(browse: Browse, job: Job) -> None:
    client = browse("olga")
    assert f"/jobs/{job.pk}/" in client.get("/jobs/?state=running&kind=import-snapshot").content.decode()
    assert f"/jobs/{job.pk}/" not in client.get("/jobs/?state=failed").content.decode()
    assert "Nothing of that kind and state." in client.get("/jobs/?state=failed").content.decode()
    assert f"/jobs/{job.pk}/" in client.get("/jobs/?state=nonsense&kind=%3Cb%3E&page=99").content.decode()


def test_the_list_turns_its_pages(browse: Browse, job: Job) -> None:
    for number in range(50):
        create_job(kind="test", payload={"number": number}, send=False)
    assert "Page 1 of 2" in browse("olga").get("/jobs/").content.decode()
    assert "Page 2 of 2" in browse("olga").get("/jobs/?page=2").content.decode()


def test_whoever_may_no_longer_deliver_asks_for_nothing_anew(browse: Browse, cast: Cast, open_release: Release) -> None:
    row = open_release.deliveries.get().job
    Job.objects.filter(pk=row.pk).update(state="failed", requested_by=cast.stranger)
    grant = Grant.objects.create(person=cast.stranger, product=open_release.product, rights=[Right.DELIVER])
    stan = browse("stan")
    assert "Try it again" in stan.get(f"/jobs/{row.pk}/").content.decode()
    Grant.objects.filter(pk=grant.pk).update(revoked_at=timezone.now())
    assert "Try it again" not in stan.get(f"/jobs/{row.pk}/").content.decode()
    assert stan.post(f"/jobs/{row.pk}/retry/").status_code == 403
    row.refresh_from_db()
    assert row.state == "failed"
    assert browse("olga").post(f"/jobs/{row.pk}/retry/").status_code == 302


def test_work_on_what_one_may_no_longer_know_of_is_not_there(
    browse: Browse, cast: Cast, open_release: Release, restricted_release: Release
) -> None:
    hidden, shown = restricted_release.deliveries.get().job, open_release.deliveries.get().job
    of_product = create_job(kind="reverify", payload={"product": restricted_release.product_id}, send=False)
    Job.objects.filter(pk__in=[hidden.pk, shown.pk, of_product.pk]).update(requested_by=cast.stranger)
    grant = Grant.objects.create(person=cast.stranger, product=restricted_release.product, rights=[Right.DELIVER])
    stan = browse("stan")

    def told() -> list[bool]:
        listed = stan.get("/jobs/").content.decode()
        rows = (hidden, of_product, shown)
        assert [stan.get(f"/jobs/{row.pk}/").status_code == 200 for row in rows] == [
            str(row.pk) in listed for row in rows
        ]
        return [str(row.pk) in listed for row in rows]

    assert told() == [True, True, True]
    Grant.objects.filter(pk=grant.pk).update(revoked_at=timezone.now())
    assert told() == [False, False, True]
