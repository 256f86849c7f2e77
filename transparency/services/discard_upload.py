"""Forget an upload. What is not finished is removed; an object stays while anything refers to it (sweep_objects.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.models import Upload
from transparency.services.stores import objects

if TYPE_CHECKING:
    from transparency.models import Product


def discard_upload(*, upload: Upload) -> None:
    """Remove file and row (`upload-busy` while a piece is being written); what is gone already stays gone."""
    product: Product = upload.product
    with objects().upload(product.store_key, upload.pk.hex):
        objects().discard_upload(product.store_key, upload.pk.hex)
        Upload.objects.filter(pk=upload.pk).delete()
