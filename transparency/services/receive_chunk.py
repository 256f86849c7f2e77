"""Take the next piece of an upload. It counts when it is durable, and only if nobody else moved the upload on meanwhile."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone

from transparency.errors import EvidenceError, UnusableInputError
from transparency.models import Upload
from transparency.proofs.digest import Digest
from transparency.services.stores import objects


def receive_chunk(*, upload: Upload, offset: int, data: bytes, sha256: Digest) -> Upload:
    """Return the upload as it stands then.

    1. The piece is what its sender says (`chunk-size`, `chunk-digest`).
    2. It begins where the upload ends: `upload-offset` expects the right offset, to go on from. It fits (`upload-too-long`).
    3. It is written and durable (`upload-damaged`, `disk-full`, `disk-failed`).
    4. The row moves on, once.

    All from 2 on under the file's lock (`upload-busy`); `upload-unknown` when it was discarded meanwhile.
    """
    if not 0 < len(data) <= settings.UPLOAD_CHUNK_BYTES:
        raise UnusableInputError(
            "chunk-size", expected=f"1 to {settings.UPLOAD_CHUNK_BYTES} bytes", found=f"{len(data)}"
        )
    found = Digest.of(data)
    if found != sha256:
        raise EvidenceError("chunk-digest", expected=sha256.hex, found=found.hex)
    current_upload(upload)
    with objects().upload(upload.product.store_key, upload.pk.hex) as file:
        row = current_upload(upload)
        if row.received != offset:
            raise EvidenceError("upload-offset", expected=str(row.received), found=str(offset))
        if offset + len(data) > row.size:
            raise UnusableInputError("upload-too-long", expected=f"{row.size} bytes", found=f"{offset + len(data)}")
        file.append(offset, data)
        moved = Upload.objects.filter(pk=row.pk, state=Upload.State.RECEIVING, received=offset).update(
            received=offset + len(data), touched_at=timezone.now()
        )
        if not moved:
            raise EvidenceError("upload-offset", expected=str(current_upload(upload).received), found=str(offset))
    return current_upload(upload)


def current_upload(upload: Upload) -> Upload:
    """The row as it is now (`upload-unknown`)."""
    row = Upload.objects.select_related("product").filter(pk=upload.pk).first()
    if row is None:
        raise EvidenceError("upload-unknown", expected="an upload that goes on", found="none")
    return row
