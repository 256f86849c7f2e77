"""Make a delivery of files that are here: uploads that are finished, or what came with a form. One service for browser and CI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from transparency.errors import EvidenceError, UnusableInputError
from transparency.models import Release, Upload
from transparency.services.ensure_release import ensure_release
from transparency.services.finish_upload import stored_file
from transparency.services.receive_delivery import (
    MAX_ARCHIVE_BYTES,
    MAX_LIST_BYTES,
    Over,
    check_archive_type,
    receive_delivery,
)
from transparency.services.stored_files import Received, store_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.models import Job, Person, Product
    from transparency.services.stored_files import StoredFile

ROLES = ("release-archive", "upstream", "distribution", "patched")
Handed = Upload | Received


def deliver_uploads(
    *,
    product: Product,
    sender: Person,
    version: str,
    archive: Handed,
    signatures: Sequence[bytes],
    checksums: Handed | None = None,
    over: Over = "archive",
    role: str = "release-archive",
    dry_run: bool = False,
    send: bool = True,
) -> Job:
    """Return the job; a release that is not there yet is made with it, but not for a dry run.

    Raises `role-unknown`, `upload-unfinished`, `upload-foreign` and all that receive_delivery raises. Whether the sender may deliver is
    the caller's question.
    """
    if role not in ROLES:
        raise UnusableInputError("role-unknown", expected=", ".join(ROLES), found=ascii(role[:40]))
    file = _stored(product, sender, archive, MAX_ARCHIVE_BYTES, is_archive=True)
    listing = _stored(product, sender, checksums, MAX_LIST_BYTES) if checksums else None
    with transaction.atomic():
        _keep_longer(archive, checksums)
        return receive_delivery(
            release=_release(product, version, dry_run=dry_run),
            archive=file,
            signatures=signatures,
            cover=listing,
            over=over,
            role=role,
            sender=sender,
            dry_run=dry_run,
            send=send,
        )


def _stored(product: Product, sender: Person, handed: Handed, limit: int, *, is_archive: bool = False) -> StoredFile:
    if isinstance(handed, Received):
        if is_archive:
            check_archive_type(product, handed)
        return store_file(product=product, received=handed, limit=limit)
    if (handed.product_id, handed.sender_id) != (product.pk, sender.pk):
        raise EvidenceError("upload-foreign", expected="an upload of this sender for this product", found="another one")
    file = stored_file(handed)
    if file.size > limit:
        raise UnusableInputError("object-too-large", expected=f"at most {limit} bytes", found=f"{file.size}")
    return file


def _keep_longer(*handed: Handed | None) -> None:
    """Whoever was told of a refusal by the dry run may deliver the same files a week later."""
    uploads = [item.pk for item in handed if isinstance(item, Upload)]
    Upload.objects.filter(pk__in=uploads).update(touched_at=timezone.now())


def _release(product: Product, version: str, *, dry_run: bool) -> Release:
    found = Release.objects.select_related("product__vendor").filter(product=product, version=version).first()
    if found is None and dry_run:
        return _imagined(product, version)
    return found or ensure_release(
        vendor=product.vendor.slug, product=product.slug, version=version, restricted=product.is_restricted
    )


def _imagined(product: Product, version: str) -> Release:
    """A release that a dry run asks about and that nobody is told of: it is never saved."""
    release = Release(product=product, version=version)
    try:
        release.full_clean()
    except ValidationError as error:
        raise UnusableInputError(
            "name-malformed", expected="; ".join(error.messages), found=ascii(version[:80])
        ) from error
    return release
