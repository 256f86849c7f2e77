"""End an upload: all of it is here, its digests are computed in one pass, and the file becomes an object as it lies there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from transparency.errors import EvidenceError
from transparency.models import Upload
from transparency.services.receive_chunk import current_upload
from transparency.services.stored_files import StoredFile
from transparency.services.stores import objects

if TYPE_CHECKING:
    from transparency.proofs.digest import Digest


def finish_upload(*, upload: Upload, sha256: Digest | None = None) -> Upload:
    """Return the stored upload, now or as stored before.

    Raises `upload-unfinished`, `upload-busy`, `upload-unknown`, `upload-damaged`, and `upload-mismatch` where the whole is not the
    `sha256` that its sender expects: nothing can be done with it but to discard it.
    """
    row = current_upload(upload)
    if row.state == Upload.State.RECEIVING and row.received != row.size:
        raise EvidenceError("upload-unfinished", expected=f"{row.size} bytes", found=f"{row.received}")
    if row.state == Upload.State.RECEIVING:
        key, name = row.product.store_key, row.pk.hex
        with objects().upload(key, name) as file:
            row = current_upload(upload)
            if row.state == Upload.State.RECEIVING:
                put = objects().finish_upload(key, file, size=row.size, expect=sha256)
                stored = StoredFile(row.name, put.size, put.digest.hex, put.sha512.hex(), put.blake2b512.hex())
                Upload.objects.filter(pk=row.pk, state=Upload.State.RECEIVING).update(
                    state=Upload.State.STORED, stored=stored.as_json(), touched_at=timezone.now()
                )
            objects().discard_upload(key, name)
        row = current_upload(upload)
    found = stored_file(row)
    if sha256 and found.digest != sha256:
        raise EvidenceError("upload-mismatch", expected=sha256.hex, found=found.sha256)
    return row


def stored_file(upload: Upload) -> StoredFile:
    """What a finished upload became (`upload-unfinished`)."""
    if upload.state != Upload.State.STORED or not upload.stored:
        raise EvidenceError("upload-unfinished", expected=f"{upload.size} bytes", found=f"{upload.received}")
    return StoredFile.from_json(upload.stored)
