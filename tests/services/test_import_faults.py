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
from tests.services.faults import Disk
from transparency.errors import UnavailableError
from transparency.models import Delivery, Job, LogEntry, Release, Snapshot
from transparency.proofs.digest import Digest
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

# How many faults the long run injects; the short one takes every place of one import with both errors.
FAULTS = int(os.environ.get("TRANSPARENCY_FAULTS", "400"))
ERRORS = (errno.ENOSPC, errno.EIO)


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
    assert not list(settings.OBJECT_ROOT.glob("p*/incoming/*"))


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


def test_a_fault_at_any_place_of_receiving_keeps_nothing_and_the_next_try_works(cast: Cast) -> None:
    clean = Disk()
    assert receive(cast, 0, clean)
    assert clean.asked > 10
    for place in range(1, clean.asked + 1):
        for turn, number in enumerate(ERRORS):
            before = Job.objects.count()
            disk = Disk(place, number)
            job = receive(cast, 2 * place + turn, disk)
            assert (job is None) == bool(disk.refused)
            assert Job.objects.count() - before == (job is not None)
            assert not list(settings.OBJECT_ROOT.glob("p*/incoming/*"))
    assert receive(cast, 1, Disk())


def test_a_fault_at_any_place_of_performing_gives_the_job_back_and_the_next_try_works(cast: Cast, home: Path) -> None:
    finish(request(cast, 0))
    clean = Disk()
    job = request(cast, 1)
    with clean.mounted(home):
        assert perform_job(job=job.pk)
    assert clean.asked > 15
    for place in range(1, clean.asked + 1):
        job = request(cast, 1 + place)
        disk = Disk(place, ERRORS[place % 2])
        with disk.mounted(home):
            perform_job(job=job.pk)
        job.refresh_from_db()
        if job.state == Job.State.DONE:  # the fault struck the log's tiles, after the commit; the sweep writes them
            publish_leftovers()
        else:
            assert job.state == Job.State.QUEUED
            assert job.error is not None
            assert job.error["code"] in {"disk-full", "disk-failed"}, disk.refused
            nothing_is_visible(1 + place)
            finish(job)
        exactly_once(1 + place)
    verify_log(progress=lambda _: None)
    assert LogEntry.objects.filter(index__isnull=True).count() == 0


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_thousands_of_faults_end_in_exactly_one_import_each_and_leave_no_orphan(cast: Cast, home: Path) -> None:
    chance, faults, number = random.Random(20261124), 0, 0
    start = time.monotonic()
    receiving, performing = Disk(), Disk()
    first = receive(cast, 0, receiving)
    assert first
    with performing.mounted(home):
        assert perform_job(job=first.pk)
    while faults < FAULTS:
        number += 1
        job = None
        while job is None:
            disk = Disk(chance.randint(1, receiving.asked) if chance.random() < 0.95 else 0, chance.choice(ERRORS))
            job = receive(cast, number, disk)
            faults += bool(disk.refused)
        while job.state != Job.State.DONE:
            disk = Disk(chance.randint(1, performing.asked) if chance.random() < 0.8 else 0, chance.choice(ERRORS))
            with disk.mounted(home):
                perform_job(job=job.pk)
            faults += bool(disk.refused)
            job.refresh_from_db()
            if job.state == Job.State.FAILED:
                assert job.error is not None
                assert job.error["code"] in {"disk-full", "disk-failed"}
                nothing_is_visible(number)
                retry_job(job=job.pk, send=False)
                job.refresh_from_db()
        publish_leftovers()
        exactly_once(number)
    assert Delivery.objects.count() == Snapshot.objects.count() == number + 1
    verify_log(progress=lambda _: None)
    kept = {path.name for path in settings.OBJECT_ROOT.glob("p*/??/*")}
    sweep_objects(now=timezone.now() + 2 * UNUSED)
    assert {path.name for path in settings.OBJECT_ROOT.glob("p*/??/*")} <= kept
    for delivery in Delivery.objects.all():
        assert objects().has(delivery.release.product.store_key, Digest.parse(delivery.archive_sha256))
    print(f"{faults} faults over {number} imports in {time.monotonic() - start:.0f} s")  # noqa: T201 - the report
