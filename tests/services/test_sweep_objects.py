"""What nothing refers to goes after a week; what something refers to, or is put again, stays."""

from __future__ import annotations

import io
import os
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from tests.cast import Cast, deliver, finish, make_archive
from transparency.models import Job, Release
from transparency.proofs.digest import Digest
from transparency.queries import read_file
from transparency.services.imagine_release import imagine_release
from transparency.services.receive_delivery import receive_delivery
from transparency.services.stored_files import Received
from transparency.services.stores import objects
from transparency.services.sweep_objects import RETRY, UNUSED, sweep_objects

if TYPE_CHECKING:
    from pathlib import Path

LATER = timedelta(seconds=5)


def names(release: Release) -> set[str]:
    return {digest.hex for digest in objects().unused(release.product.store_key, (), older_than=time.time() + 10)}


def test_everything_that_a_release_is_made_of_stays(cast: Cast) -> None:
    release = deliver(cast, product="widget", builds={"widget.bin": b"build"})
    before = names(release)
    assert sweep_objects(now=timezone.now() + UNUSED + LATER).unused == 0
    assert names(release) == before
    assert release.subject
    assert read_file(release.subject, b"README", limit=1000)[1]


def test_what_a_dry_run_left_goes_after_a_week_and_not_before(cast: Cast) -> None:
    release = deliver(cast, product="widget")
    before = names(release)
    archive = make_archive({"other": b"other\n"}, "widget-1.1")
    job = receive_delivery(
        release=release,
        archive=Received("widget-1.1.tar.gz", io.BytesIO(archive)),
        signatures=[cast.vendor_key.sign(archive)],
        dry_run=True,
        send=False,
    )
    report = (finish(job).result or {})["report"]
    assert (report["refused"], report["verdict"]["outcome"]) == ([], "valid")
    assert release.deliveries.count() == 1
    assert len(names(release) - before) == 2  # the archive and its signature, and nothing that was made of them
    assert sweep_objects(now=timezone.now() + LATER).unused == 0
    assert sweep_objects(now=timezone.now() + UNUSED + LATER).unused == 2
    assert names(release) == before


def test_files_of_a_job_that_may_be_tried_again_stay(cast: Cast) -> None:
    release = deliver(cast, product="widget")
    before = names(release)
    archive = make_archive({"other": b"other\n"}, "widget-1.1")
    job = receive_delivery(
        release=release, archive=Received("widget-1.1.tar.gz", io.BytesIO(archive)), signatures=[], send=False
    )
    assert sweep_objects(now=timezone.now() + UNUSED + LATER).unused == 0
    Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED, finished_at=timezone.now())
    assert sweep_objects(now=timezone.now() + UNUSED + LATER).unused == 0
    assert sweep_objects(now=timezone.now() + RETRY + LATER).unused == 1
    assert names(release) == before


def test_an_object_that_is_put_again_while_it_is_removed_stays(cast: Cast) -> None:
    release = deliver(cast, product="widget")
    key = release.product.store_key
    digest = objects().put_bytes(key, b"unused")
    old = time.time() - 100
    path: Path = settings.OBJECT_ROOT / key / digest.hex[:2] / digest.hex
    os.utime(path, (old, old))
    listed = list(objects().unused(key, (), older_than=old + 50))
    assert digest in listed
    objects().put_bytes(key, b"unused")
    assert not objects().remove(key, digest, older_than=old + 50)
    assert objects().read(key, digest, limit=100) == b"unused"
    os.utime(path, (old, old))
    assert objects().remove(key, digest, older_than=old + 50)
    assert not objects().has(key, Digest.of(b"unused"))
    assert not objects().remove(key, digest, older_than=old + 50)


def test_what_a_dry_run_of_a_product_that_is_not_there_left_goes_too(cast: Cast) -> None:
    archive = make_archive({"other": b"other\n"}, "new-1.0")
    release = imagine_release(vendor="acme", product="new", version="1.0", restricted=True)
    received = Received("new-1.0.tar.gz", io.BytesIO(archive))
    finish(receive_delivery(release=release, archive=received, signatures=[], dry_run=True, send=False))
    assert len(names(release)) == 1
    assert sweep_objects(now=timezone.now() + LATER).unused == 0
    assert sweep_objects(now=timezone.now() + UNUSED + LATER).unused == 1
    assert names(release) == set()
