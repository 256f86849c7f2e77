"""Files that somebody hands in: uploads that have arrived, or what came with a form; and the release that they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from transparency.errors import EvidenceError, UnusableInputError
from transparency.models import Upload
from transparency.services.ensure_release import ensure_release
from transparency.services.finish_upload import stored_file
from transparency.services.imagine_release import imagine_release
from transparency.services.receive_delivery import check_archive_type
from transparency.services.stored_files import Received, store_file

if TYPE_CHECKING:
    from transparency.models import Person, Product, Release
    from transparency.services.stored_files import StoredFile

Handed = Upload | Received


def keep_handed(
    product: Product, sender: Person, handed: Handed, limit: int, *, is_archive: bool = False
) -> StoredFile:
    """The file in the product's compartment (`upload-unfinished`, `upload-foreign`, `object-too-large`, `archive-type-unknown`)."""
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


def keep_longer(*handed: Handed | None) -> None:
    """Whoever was told of a refusal by the dry run may deliver the same files a week later."""
    uploads = [item.pk for item in handed if isinstance(item, Upload)]
    Upload.objects.filter(pk__in=uploads).update(touched_at=timezone.now())


def release_for(product: Product, version: str, *, dry_run: bool) -> Release:
    """The release, made where it is not there; a dry run only imagines it."""
    find = imagine_release if dry_run else ensure_release
    return find(vendor=product.vendor.slug, product=product.slug, version=version, restricted=product.is_restricted)
