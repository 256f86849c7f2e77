"""Begin a file that will arrive in pieces: a row that says whose it is, how large it will be and how much of it is safely here."""

from __future__ import annotations

import unicodedata
import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, Sum

from transparency.errors import EvidenceError, UnavailableError, UnusableInputError
from transparency.models import Delivery, Person, Product, Upload
from transparency.services.receive_delivery import MAX_ARCHIVE_BYTES
from transparency.services.stored_files import MAX_NAME_CHARACTERS
from transparency.services.stores import objects

if TYPE_CHECKING:
    from uuid import UUID


def begin_upload(*, product: Product, sender: Person, name: str, size: int, identity: UUID | None = None) -> Upload:
    """Return the upload, new or, by the `identity` that its sender chose for it, as begun before.

    Raises `name-malformed`, `upload-empty`, `object-too-large`, `upload-exists` (the identity is taken), `upload-quota`, `disk-full`.
    """
    _check(name, size)
    with transaction.atomic():
        # Whoever begins at the same moment waits here, so that nobody passes a quota that is already used up.
        Product.objects.select_for_update().get(pk=product.pk)
        Person.objects.select_for_update().get(pk=sender.pk)
        begun = Upload.objects.filter(pk=identity).first() if identity else None
        if begun is not None:
            return _same(begun, product, sender, name, size)
        _check_quota(Q(sender=sender), settings.UPLOADS_PER_PERSON, settings.UPLOAD_BYTES_PER_PERSON, size)
        _check_quota(Q(product=product), settings.UPLOADS_PER_PRODUCT, settings.UPLOAD_BYTES_PER_PRODUCT, size)
        _check_room(size)
        return Upload.objects.create(pk=identity or uuid.uuid4(), product=product, sender=sender, name=name, size=size)


def _check(name: str, size: int) -> None:
    plain = not any(unicodedata.category(character) in {"Cc", "Cs"} or character == "/" for character in name)
    if not (0 < len(name) <= MAX_NAME_CHARACTERS and plain and name not in {".", ".."}):
        raise UnusableInputError(
            "name-malformed", expected=f"a file name of 1 to {MAX_NAME_CHARACTERS} characters", found=ascii(name[:80])
        )
    if size < 1:
        raise UnusableInputError("upload-empty", expected="a file with bytes in it", found=f"{size} bytes")
    if size > MAX_ARCHIVE_BYTES:
        raise UnusableInputError("object-too-large", expected=f"at most {MAX_ARCHIVE_BYTES} bytes", found=f"{size}")


def _same(begun: Upload, product: Product, sender: Person, name: str, size: int) -> Upload:
    if (begun.product_id, begun.sender_id, begun.name, begun.size) != (product.pk, sender.pk, name, size):
        raise EvidenceError("upload-exists", expected="an identity that is not in use", found=str(begun.pk))
    return begun


def _check_quota(whose: Q, count: int, total: int, size: int) -> None:
    receiving = Upload.objects.filter(whose, state=Upload.State.RECEIVING)
    if receiving.count() >= count:
        raise EvidenceError("upload-quota", expected=f"at most {count} unfinished uploads", found=f"{count} already")
    held = _sum(receiving.aggregate(total=Sum("size"))) + _undelivered(whose)
    if held + size > total:
        raise EvidenceError(
            "upload-quota", expected=f"at most {total} bytes that are not delivered yet", found=f"{held + size}"
        )


def _undelivered(whose: Q) -> int:
    """Bytes of finished uploads that no delivery was made of; those of deliveries are the product's, not the sender's to remove."""
    stored = Upload.objects.filter(whose, state=Upload.State.STORED).values_list("stored", flat=True)
    sizes: dict[str, int] = {file["sha256"]: file["size"] for file in stored if file}
    delivered = Delivery.objects.filter(archive_sha256__in=sizes).values_list("archive_sha256", flat=True)
    return sum(sizes.values()) - sum(sizes[digest] for digest in set(delivered))


def _check_room(size: int) -> None:
    """What was promised to others is taken already."""
    promised = Upload.objects.filter(state=Upload.State.RECEIVING).aggregate(total=Sum(F("size") - F("received")))
    if _sum(promised) + size + settings.UPLOAD_RESERVE_BYTES > objects().free_bytes():
        raise UnavailableError("disk-full", expected=f"room for {size} more bytes", found="less")


def _sum(aggregate: dict[str, int | None]) -> int:
    return aggregate["total"] or 0
