"""Limits of a contained task, met in a real import: the delivery is refused by name, nothing of it is half there, nothing is left over."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import resource
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import zstandard
from django.db import connections

from tests.gateways.spent import Spent
from tests.proofs.sources.tars import END, file, header, pax
from transparency.gateways.sandbox import Bounds, Sandbox
from transparency.models import Delivery, Job, LogEntry, Snapshot
from transparency.services import read_archive
from transparency.services.claim_job import claim_job
from transparency.services.contain import sandbox
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.perform_job import perform_job
from transparency.services.receive_delivery import Over, receive_delivery
from transparency.services.stored_files import Received
from transparency.services.stores import objects

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from tests.cast import Cast

MIB = 1024**2
BOMB_BYTES = 96 * MIB
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=0),
    "zst": zstandard.ZstdCompressor().compress,
}


def receive(cast: Cast, archive: bytes, signed: bytes | None = None, over: Over = "archive") -> Job:
    release = ensure_release(vendor="acme", product="pump", version="1.0", restricted=False)
    enrol_product_anchor(product=release.product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    return receive_delivery(
        release=release,
        archive=Received("pump-1.0.tar.gz", io.BytesIO(archive)),
        signatures=[cast.vendor_key.sign(archive if signed is None else signed)],
        over=over,
        send=False,
    )


def scratch_of(delivery: Delivery) -> Path:
    return objects().scratch(delivery.release.product.store_key)


def many_members(count: int) -> bytes:
    return gzip.compress(b"".join(header(b"d/%06d" % number) for number in range(count)) + END, 1)


@pytest.mark.parametrize(
    ("bounds", "archive", "rule"),
    [
        (Bounds(cpu=1), lambda: many_members(60_000), "limit-cpu"),
        (Bounds(time=1), lambda: many_members(60_000), "limit-time"),
        (Bounds(memory=96 * MIB), lambda: many_members(250_000), "limit-memory"),
        (Bounds(output=MIB), lambda: gzip.compress(file(b"noise", os.urandom(4 * MIB)) + END, 1), "limit-output"),
    ],
    ids=["cpu", "time", "memory", "output"],
)
def test_an_import_that_meets_a_limit_is_refused_with_it_and_leaves_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, bounds: Bounds, archive: Callable[[], bytes], rule: str
) -> None:
    job = receive(cast, archive())
    monkeypatch.setattr(read_archive, "sandbox", lambda: Sandbox(sandbox().kind, bounds))
    with Spent() as spent:
        assert perform_job(job=job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.verdict) == ("quarantined", "valid")
    assert [(item["path"], item["rule"]) for item in delivery.refused] == [("", rule)]
    assert (delivery.snapshot, Snapshot.objects.count(), LogEntry.objects.filter(kind="delivery").count()) == (
        None,
        0,
        0,
    )
    assert [*scratch_of(delivery).iterdir()] == []
    if rule == "limit-cpu":  # and what judging the signature took before
        assert spent.seconds <= bounds.cpu + 1 + 2


class Largest(threading.Thread):
    """The most bytes that the files of a folder were seen with."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder, self.bytes, self.over = folder, 0, threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.01):
            sizes = []
            for path in self.folder.iterdir():
                with suppress(FileNotFoundError):
                    sizes.append(path.stat().st_size)
            self.bytes = max(self.bytes, sum(sizes))


@pytest.mark.parametrize("packer", PACKERS)
def test_a_bomb_is_stopped_before_a_signature_over_what_is_in_it_is_judged(cast: Cast, packer: str) -> None:
    plain = header(b"zeros", size=BOMB_BYTES) + bytes(BOMB_BYTES) + END
    job = receive(cast, PACKERS[packer](plain), signed=plain, over="decompressed")
    product = ensure_release(vendor="acme", product="pump", version="1.0", restricted=False).product
    watch = Largest(objects().scratch(product.store_key))
    watch.start()
    assert perform_job(job=job.pk)
    watch.over.set()
    watch.join()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.verdict, delivery.verdict_code) == ("quarantined", "invalid", "limit-ratio")
    assert 0 < watch.bytes < 72 * MIB
    assert [*scratch_of(delivery).iterdir()] == []


def test_the_lease_is_renewed_while_an_archive_is_decompressed(cast: Cast, settings: object) -> None:
    settings.JOB_LEASE_SECONDS = 3  # type: ignore[attr-defined]
    noise = os.urandom(MIB) * 40  # what bzip2 takes seconds for
    plain = file(b"noise", noise) + END
    job = receive(cast, bz2.compress(plain), signed=plain, over="decompressed")
    stolen, over = [], threading.Event()

    def steal() -> None:
        while not over.wait(0.2):
            if Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).exists() and claim_job(job=job.pk):
                stolen.append(time.monotonic())
        connections.close_all()

    thief = threading.Thread(target=steal)
    thief.start()
    start = time.monotonic()
    done = perform_job(job=job.pk)
    took = time.monotonic() - start
    over.set()
    thief.join()
    job.refresh_from_db()
    assert took > 3, "too fast to tell"
    assert (done, stolen, job.attempt, job.state) == (True, [], 1, Job.State.DONE)


def test_thousands_of_long_names_that_are_flagged_cost_the_caller_little(cast: Cast) -> None:
    """20 KB of archive: 5,000 paths of 4 KB, no byte of them UTF-8, each below 19 folders of its own."""
    names = [b"%05d" % number + (b"\xff" * 200 + b"/") * 19 + b"\xff" for number in range(5000)]
    job = receive(cast, gzip.compress(b"".join(pax({b"path": name}) + file(b"x") for name in names) + END, 1))
    before = resource.getrusage(resource.RUSAGE_SELF)
    assert perform_job(job=job.pk)
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 15
    delivery = Delivery.objects.get()
    assert delivery.state == "admitted"
    *told, last = delivery.flagged
    assert sum(len(item["path"]) for item in told) <= 4 * MIB
    assert (last["path"], last["rule"], last["detail"]) == ("", "flags-more", f"{5000 * 20 - len(told)} name-utf8")


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [("LIMIT_MEMBERS", 2, "limit-members"), ("LIMIT_MEMBER_BYTES", 1, "limit-member"), ("LIMIT_CONTENT_BYTES", 5, "limit-content")],
)  # fmt: skip
def test_an_installation_sets_limits_of_its_own(
    cast: Cast, settings: Settings, name: str, value: int, rule: str
) -> None:
    setattr(settings, name, value)
    job = receive(cast, gzip.compress(b"".join(file(path, b"ab") for path in (b"d/a", b"d/b", b"d/c")) + END, 1))
    assert perform_job(job=job.pk)
    [refused] = Delivery.objects.get().refused
    assert refused["rule"] == rule
