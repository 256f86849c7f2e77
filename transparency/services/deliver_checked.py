"""Deliver what a dry run has checked, from the very files that it looked at: nothing is sent or chosen again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from transparency.errors import EvidenceError
from transparency.models import Job, Product, Release
from transparency.proofs.digest import Digest
from transparency.proofs.signatures.keys import GIT_NAMESPACE
from transparency.proofs.sources.gitobject import Wanted
from transparency.services import receive_debian_source, receive_delivery, receive_git
from transparency.services.arrival import as_if_of
from transparency.services.enrol_anchor import DELIVERY_NAMESPACES, enrol_product_anchor
from transparency.services.handed_files import release_for
from transparency.services.judge_files import not_enrolled
from transparency.services.stored_files import StoredFile
from transparency.services.stores import objects

if TYPE_CHECKING:
    from transparency.models import Person
    from transparency.proofs.signatures.keys import EnrolledKey

_KINDS = (receive_delivery.CHECK_KIND, receive_debian_source.CHECK_KIND, receive_git.CHECK_KIND)


def deliver_checked(*, job: Job, by: Person, send: bool = True) -> Job:
    """Return the import's job (`not-checked`, `check-outdated`, `key-not-in-use`); keys that counted for the check are enrolled with it.

    Whether `by` may deliver, and that it is really them where a key is enrolled, are the caller's questions.
    """
    if job.kind not in _KINDS or job.state != Job.State.DONE:
        raise EvidenceError("not-checked", expected="a dry run that has ended", found=f"{job.kind}, {job.state}")
    product = _product(job)
    if not all(objects().has(product.store_key, digest) for digest in _digests(job.payload)):
        raise EvidenceError("check-outdated", expected="the files of the dry run", found="files that were removed")
    with transaction.atomic():
        is_git = job.kind == receive_git.CHECK_KIND
        namespaces = (GIT_NAMESPACE,) if is_git else DELIVERY_NAMESPACES
        for text in job.payload.get("keys", ()):
            anchor = enrol_product_anchor(product=product, public_text=text, enrolled_by=by, namespaces=namespaces)
            if anchor.revoked_at:
                raise EvidenceError("key-not-in-use", expected="a key that was not revoked", found=anchor.fingerprint)
        release = _release(job, product)
        if job.kind == receive_debian_source.CHECK_KIND:
            return _receive_source(job.payload, release, by, send=send)
        if is_git:
            return _receive_git(job.payload, release, by, send=send)
        return _receive_archive(job.payload, release, by, send=send)


def keys_to_enrol(job: Job) -> tuple[EnrolledKey, ...]:
    """Keys that delivering what was checked would enrol."""
    keys = as_if_of(job.payload)
    return not_enrolled(_product(job), keys) if keys else ()


def _receive_archive(asked: dict[str, Any], release: Release, by: Person, *, send: bool) -> Job:
    product, limit = release.product, receive_delivery.MAX_SIGNATURE_BYTES + 1
    signatures = [objects().read(product.store_key, Digest.parse(name), limit=limit) for name in asked["signatures"]]
    return receive_delivery.receive_delivery(
        release=release,
        archive=StoredFile.from_json(asked["archive"]),
        signatures=signatures,
        cover=StoredFile.from_json(asked["cover"]) if asked.get("cover") else None,
        sbom=StoredFile.from_json(asked["sbom"]) if asked.get("sbom") else None,
        over="decompressed" if asked["over"] == "decompressed" else "archive",
        role=asked["role"],
        sender=by,
        send=send,
    )


def _receive_source(asked: dict[str, Any], release: Release, by: Person, *, send: bool) -> Job:
    return receive_debian_source.receive_debian_source(
        release=release,
        dsc=StoredFile.from_json(asked["dsc"]),
        files=[StoredFile.from_json(file) for file in asked["files"]],
        sender=by,
        send=send,
    )


def _receive_git(asked: dict[str, Any], release: Release, by: Person, *, send: bool) -> Job:
    return receive_git.receive_git(
        release=release,
        repository=StoredFile.from_json(asked["archive"]),
        wanted=Wanted(**asked["wanted"]),
        sender=by,
        send=send,
    )


def _digests(asked: dict[str, Any]) -> list[Digest]:
    files = [*asked.get("files", ()), *(asked[name] for name in ("archive", "cover", "dsc", "sbom") if asked.get(name))]
    return [Digest.parse(name) for name in (*(file["sha256"] for file in files), *asked.get("signatures", ()))]


def _product(job: Job) -> Product:
    if job.payload["release"]:
        return Release.objects.select_related("product__vendor").get(pk=job.payload["release"]).product
    product = Product.objects.select_related("vendor").filter(pk=job.payload.get("product")).first()
    if product is None:
        raise EvidenceError("not-checked", expected="a dry run for a product that is here", found="one that is not")
    return product


def _release(job: Job, product: Product) -> Release:
    if job.payload["release"]:
        return Release.objects.select_related("product__vendor").get(pk=job.payload["release"])
    return release_for(product, job.payload["version"], dry_run=False)
