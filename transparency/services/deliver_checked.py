"""Deliver what a dry run has checked, from the very files that it looked at: nothing is sent or chosen again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from transparency.errors import EvidenceError
from transparency.models import Job, Product, Release
from transparency.proofs.digest import Digest
from transparency.services.ensure_release import ensure_release
from transparency.services.receive_delivery import CHECK_KIND, MAX_SIGNATURE_BYTES, receive_delivery
from transparency.services.stored_files import StoredFile
from transparency.services.stores import objects

if TYPE_CHECKING:
    from transparency.models import Person


def deliver_checked(*, job: Job, by: Person, send: bool = True) -> Job:
    """Return the import's job (`not-checked`, `check-outdated`). Whether `by` may deliver is the caller's question."""
    if job.kind != CHECK_KIND or job.state != Job.State.DONE:
        raise EvidenceError("not-checked", expected="a dry run that has ended", found=f"{job.kind}, {job.state}")
    asked = job.payload
    archive = StoredFile.from_json(asked["archive"])
    cover = StoredFile.from_json(asked["cover"]) if asked.get("cover") else None
    product = _product(job)
    digests = [archive.digest, *([cover.digest] if cover else []), *map(Digest.parse, asked["signatures"])]
    if not all(objects().has(product.store_key, digest) for digest in digests):
        raise EvidenceError("check-outdated", expected="the files of the dry run", found="files that were removed")
    signatures = [
        objects().read(product.store_key, Digest.parse(name), limit=MAX_SIGNATURE_BYTES + 1)
        for name in asked["signatures"]
    ]
    with transaction.atomic():
        return receive_delivery(
            release=_release(job, product),
            archive=archive,
            signatures=signatures,
            cover=cover,
            over="decompressed" if asked["over"] == "decompressed" else "archive",
            role=asked["role"],
            sender=by,
            send=send,
        )


def _product(job: Job) -> Product:
    if job.payload["release"]:
        return Release.objects.select_related("product__vendor").get(pk=job.payload["release"]).product
    return Product.objects.select_related("vendor").get(pk=job.payload["product"])


def _release(job: Job, product: Product) -> Release:
    if job.payload["release"]:
        return Release.objects.select_related("product__vendor").get(pk=job.payload["release"])
    return ensure_release(
        vendor=product.vendor.slug,
        product=product.slug,
        version=job.payload["version"],
        restricted=product.is_restricted,
    )
