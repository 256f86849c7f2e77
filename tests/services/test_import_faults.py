"""A disk that is full or failing at any moment of an import: a clear error, nothing half-visible, and the retry works."""

from __future__ import annotations

import errno
import io
import os
import random
import time
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.utils import timezone

from tests.cast import Cast, finish, make_archive
from tests.references import referenced, stored, unfinished
from tests.services.faults import Disk
from transparency.errors import UnavailableError
from transparency.models import Delivery, Job, LogEntry, Release, Snapshot
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.perform_job import perform_job
from transparency.services.publish_log import publish_leftovers
from transparency.services.receive_delivery import receive_delivery
from transparency.services.retry_job import retry_job
from transparency.services.stored_files import Received
from transparency.services.stores import objects
from transparency.services.sweep_objects import UNUSED, sweep_objects
from transparency.services.verify_log import verify_log

if TYPE_CHECKING:
    from pathlib import Path

# How many faults the long run injects; the short one takes every place of one import, with the errors by turns.
FAULTS = int(os.environ.get("TRANSPARENCY_FAULTS", "10000"))
ERRORS = (errno.ENOSPC, errno.EIO)
# One in so many deliveries of the long run is given up after a fault, so that the sweep has something to find.
GIVEN_UP = 0.02


def request(cast: Cast, number: int) -> Job:
    release = ensure_release(vendor="acme", product="faulty", version=f"1.{number}", restricted=False)
    enrol_product_anchor(product=release.product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    archive = make_archive({"a.c": b"int a;\n", "n": str(number).encode()}, f"faulty-{number}")
    return receive_delivery(
        release=release,
        archive=Received(f"faulty-{number}.tar.gz", io.BytesIO(archive)),
        signatures=[SIGNATURES.setdefault(number, cast.vendor_key.sign(archive))],
        send=False,
    )


SIGNATURES: dict[int, bytes] = {}


def nothing_is_visible(number: int) -> None:
    release = Release.objects.filter(product__slug="faulty", version=f"1.{number}").first()
    if release:
        assert release.subject_id is None
        assert not release.deliveries.exists()
    assert not unfinished()


def exactly_once(number: int) -> None:
    release = Release.objects.get(product__slug="faulty", version=f"1.{number}")
    delivery = release.deliveries.get()
    assert delivery.state == Delivery.State.ADMITTED
    assert delivery.snapshot is not None
    assert LogEntry.objects.filter(kind="delivery", digest=delivery.record_digest).count() == 1


def receive(cast: Cast, number: int, disk: Disk) -> Job | None:
    try:
        with disk.mounted(settings.OBJECT_ROOT):
            return request(cast, number)
    except UnavailableError as error:
        assert error.code in {"disk-full", "disk-failed"}
        return None


def failing(place: int, number: int) -> Disk:
    """A disk that is full stays full; one that fails does so once."""
    return Disk(place, number, lasting=number == errno.ENOSPC)


def left_behind(disk: Disk) -> set[str]:
    """Only a file whose removal was refused may stay: the sweep takes it after a day."""
    return set() if disk.refused != "unlink" else set(unfinished())


def test_a_fault_at_any_place_of_receiving_keeps_nothing_and_the_next_try_works(cast: Cast) -> None:
    clean = Disk()
    assert receive(cast, 0, clean)
    assert clean.asked > 10
    for place in range(1, clean.asked + 1):
        for turn, number in enumerate(ERRORS):
            before = Job.objects.count()
            disk = failing(place, number)
            job = receive(cast, 2 * place + turn, disk)
            assert (job is None) == bool(disk.refused)
            assert Job.objects.count() - before == (job is not None)
            assert set(unfinished()) == left_behind(disk)
            objects().sweep(older_than=time.time() + 1)
    assert receive(cast, 1, Disk())


@pytest.mark.timeout(900)
def test_a_fault_at_any_place_of_performing_gives_the_job_back_and_the_next_try_works(cast: Cast, home: Path) -> None:
    finish(request(cast, 0))
    clean = Disk()
    job = request(cast, 1)
    with clean.mounted(home):
        assert perform_job(job=job.pk)
    assert clean.asked > 15
    for place in range(1, clean.asked + 1):
        case = 1 + place
        job = request(cast, case)
        disk = failing(place, ERRORS[place % 2])  # the long run meets every place with both, many times
        with disk.mounted(home):
            perform_job(job=job.pk)
        assert set(unfinished()) == left_behind(disk), disk.refused
        objects().sweep(older_than=time.time() + 1)
        job.refresh_from_db()
        if job.state == Job.State.DONE:  # the fault struck the log's tiles, after the commit; the sweep writes them
            publish_leftovers()
        else:
            assert job.state == Job.State.QUEUED
            assert job.error is not None
            assert job.error["code"] in {"disk-full", "disk-failed"}, disk.refused
            nothing_is_visible(case)
            finish(job)
        exactly_once(case)
    verify_log(progress=lambda _: None)
    assert LogEntry.objects.filter(index__isnull=True).count() == 0


class LongRun:
    """Imports under faults at random places; each is tried until it ends, or given up before it was received."""

    def __init__(self, cast: Cast, home: Path) -> None:
        self.cast = cast
        self.home = home
        self.chance = random.Random(20261124)
        self.faults = self.given_up = 0
        for number in (0, -1):  # the first import of all makes folders that no later one asks for
            receiving, performing = Disk(), Disk()
            job = receive(cast, number, receiving)
            assert job
            with performing.mounted(home):
                assert perform_job(job=job.pk)
        self.places = (receiving.asked, performing.asked)

    def disk(self, places: int, share: float) -> Disk:
        place = self.chance.randint(1, places) if self.chance.random() < share else 0
        return failing(place, self.chance.choice(ERRORS))

    def count(self, disk: Disk) -> None:
        """After every single fault nothing unfinished lies there."""
        self.faults += bool(disk.refused)
        left = set(unfinished())
        assert left == left_behind(disk)
        if left:
            objects().sweep(older_than=time.time() + 1)

    def receive(self, number: int) -> Job | None:
        while True:
            disk = self.disk(self.places[0], 0.97)
            job = receive(self.cast, number, disk)
            self.count(disk)
            if job is None and self.chance.random() < GIVEN_UP:
                self.given_up += 1
                return None
            if job is not None:
                return job

    def perform(self, number: int, job: Job) -> None:
        while job.state != Job.State.DONE:
            disk = self.disk(self.places[1], 0.9)
            with disk.mounted(self.home):
                perform_job(job=job.pk)
            self.count(disk)
            job.refresh_from_db()
            if job.state == Job.State.FAILED:
                assert job.error is not None
                assert job.error["code"] in {"disk-full", "disk-failed"}
                nothing_is_visible(number)
                retry_job(job=job.pk, send=False)
                job.refresh_from_db()
        publish_leftovers()
        exactly_once(number)


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_ten_thousand_faults_end_in_exactly_one_import_each_and_leave_no_orphan(cast: Cast, home: Path) -> None:
    start = time.monotonic()
    run = LongRun(cast, home)
    number = imports = 0
    while run.faults < FAULTS:
        number += 1
        job = run.receive(number)
        if job:
            run.perform(number, job)
            imports += 1
    assert Delivery.objects.count() == Snapshot.objects.count() == Job.objects.count() == imports + 2
    assert set(Job.objects.values_list("state", flat=True)) == {Job.State.DONE}
    verify_log(progress=lambda _: None)
    before = stored()
    assert before >= referenced()
    orphans = len(before - referenced())
    assert orphans > 0, "no fault left anything to sweep: the sweep was not tried"
    assert sweep_objects(now=timezone.now() + 2 * UNUSED).unused == orphans
    assert stored() == referenced()
    print(  # noqa: T201 - the report
        f"{run.faults} faults over {imports} imports and {run.given_up} given up in {time.monotonic() - start:.0f} s; "
        f"{orphans} objects without a row swept, none left"
    )
