"""Hostile archives through the real services: received, signed, imported in the sandbox, and everything that stays is looked at.

`import_all` does what a vendor and a worker do; `check_import` looks at one delivery, `check_store` at everything that its product has.
"""

from __future__ import annotations

import io
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connections

from tests.cast import Cast, finish
from transparency.models import Delivery, Job, LogEntry, Product, Snapshot
from transparency.proofs.digest import Digest
from transparency.proofs.escaping import unescape_path
from transparency.queries import open_file_table, read_file
from transparency.reports import delivery_report
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.perform_job import perform_job
from transparency.services.receive_delivery import receive_delivery
from transparency.services.stored_files import Received
from transparency.services.stores import objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from tests.hostile.cases import Case

WORKERS = 2


def receive(cast: Cast, product: str, version: str, archive: bytes) -> Job:
    """The archive as its vendor hands it in, with a signature that is valid: nothing but the content is at fault."""
    release = ensure_release(vendor="acme", product=product, version=version, restricted=False)
    enrol_product_anchor(product=release.product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    return receive_delivery(
        release=release,
        archive=Received("archive", io.BytesIO(archive)),
        signatures=[cast.vendor_key.sign(archive)],
        sender=cast.vendor,
        send=False,
    )


def import_all(cast: Cast, product: str, table: Mapping[str, Case]) -> dict[str, Delivery]:
    """Each case a release of one product, imported by two workers at a time; every job must end well, whatever it found."""
    jobs = {
        name: receive(cast, product, f"{number}.0", case.archive)
        for number, (name, case) in enumerate(table.items(), start=1)
    }
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(_perform, [job.pk for job in jobs.values()]))
    return {name: delivery_of(job) for name, job in jobs.items()}


def _perform(job: UUID) -> None:
    try:
        assert perform_job(job=job)
    finally:
        connections.close_all()  # the thread's own


def delivery_of(job: Job) -> Delivery:
    job.refresh_from_db()
    finish(job)
    return Delivery.objects.get(pk=(job.result or {})["delivery"])


def check_all(cast: Cast, product: str, table: Mapping[str, Case]) -> None:
    """Import the whole table, and look at each delivery and at all that is left."""
    found = import_all(cast, product, table)
    for name, case in table.items():
        check_import(found[name], case, name)
    check_store(product, table.values())


def check_import(delivery: Delivery, case: Case, name: str = "") -> None:
    """Refused: in quarantine, with every member named, and nothing of it visible. Kept: readable byte for byte, with its flags."""
    told = Counter((item["path"], item["rule"]) for item in delivery.refused)
    assert told == Counter(case.refused), name
    assert (delivery.verdict, delivery.verdict_code) == ("valid", "valid"), name
    assert [row.outcome for row in delivery.signatures.all()] == ["valid"], name
    report = delivery_report(delivery)
    assert (report["refused"], report["flagged"]) == (delivery.refused, delivery.flagged), name
    if case.kept is None:
        assert report["state"] == delivery.state == Delivery.State.QUARANTINED, name
        check_invisible(delivery, name)
        return
    assert report["state"] == delivery.state == Delivery.State.ADMITTED, name
    assert Counter((item["path"], item["rule"]) for item in delivery.flagged) == Counter(case.flagged), name
    check_readable(delivery, case.kept, name)


def check_invisible(delivery: Delivery, name: str = "") -> None:
    """Nothing half there: no snapshot, no subject, no record, no leaf; the report says so."""
    report = delivery_report(delivery)
    nothing = ("manifest", "gitTree", "swhid", "dirHash", "files", "bytes", "lines")
    assert [report[key] for key in nothing] == [None] * len(nothing), name
    assert (delivery.snapshot, delivery.record, delivery.record_digest) == (None, None, ""), name
    assert delivery.release.subject is None, name


def check_readable(delivery: Delivery, kept: Mapping[bytes, bytes], name: str = "") -> None:
    snapshot = delivery.snapshot
    assert snapshot, name
    assert delivery.release.subject == snapshot, name
    assert LogEntry.objects.filter(kind="delivery", digest=delivery.record_digest).count() == 1, name
    prefix = unescape_path(delivery.prefix) + b"/" if delivery.prefix else b""
    assert {prefix + entry.path for entry in open_file_table(snapshot)} == set(kept), name
    for path, content in kept.items():
        entry, read = read_file(snapshot, path[len(prefix) :])
        assert (read, entry.size) == (content, len(content)), name


def check_store(slug: str, cases: Iterable[Case]) -> None:
    """Nothing lost and nothing beside: the objects are the archives, the signatures and what the snapshots are made of."""
    product = Product.objects.get(slug=slug)
    deliveries = Delivery.objects.filter(release__product=product)
    kept = {each.snapshot_id for each in deliveries if each.snapshot_id}
    snapshots = Snapshot.objects.filter(product=product)
    assert {each.pk for each in snapshots} == kept
    records = {each.record_digest for each in deliveries if each.record_digest}
    assert LogEntry.objects.filter(kind="delivery", digest__in=records).count() == len(records)
    archives = {Digest.of(case.archive).hex: case.archive for case in cases}
    for name, archive in archives.items():
        assert objects().read(product.store_key, Digest.parse(name), limit=len(archive)) == archive
    wanted = {*archives, *(row.sha256 for each in deliveries for row in each.signatures.all())}
    for snapshot in snapshots:
        wanted |= {snapshot.manifest, snapshot.file_table}
        wanted |= {name for pack in snapshot.packs.all() for name in (pack.pack, pack.index)}
    assert stored(product) == wanted, (stored(product) - wanted, wanted - stored(product))
    assert [*settings.OBJECT_ROOT.glob("p*/incoming/*")] == []


def stored(product: Product) -> set[str]:
    """Names of all objects of a product."""
    return {each.hex for each in objects().unused(product.store_key, (), older_than=time.time() + 60)}
