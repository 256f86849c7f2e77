"""Take published build files and their checksum list in; ask for the comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.errors import UnusableInputError
from transparency.services.create_job import create_job
from transparency.services.receive_delivery import MAX_LIST_BYTES, anchors_digest, store_signatures
from transparency.services.stored_files import Received, store_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.models import Job, Person, Release

KIND = "import-builds"
MAX_ARTIFACT_BYTES = 16 * 1024**3


def receive_builds(
    *,
    release: Release,
    files: Sequence[Received],
    manifest: Received | None = None,
    signatures: Sequence[bytes] = (),
    sender: Person | None = None,
    send: bool = True,
) -> Job:
    """Return the job of this import (`duplicate-file`, `nothing-given`, `object-too-large`)."""
    if not files and manifest is None:
        raise UnusableInputError("nothing-given", expected="build files or a checksum list", found="neither")
    names = [file.name for file in files]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UnusableInputError("duplicate-file", expected="each file name once", found=", ".join(sorted(twice)))
    product = release.product
    stored = [store_file(product=product, received=file, limit=MAX_ARTIFACT_BYTES) for file in files]
    listing = store_file(product=product, received=manifest, limit=MAX_LIST_BYTES) if manifest else None
    payload = {
        "release": release.pk,
        "files": [
            {"name": item.name, "size": item.size, "sha256": item.sha256}
            for item in sorted(stored, key=lambda item: item.name)
        ],
        "list": listing.as_json() if listing else None,
        "signatures": store_signatures(product, signatures),
        "sender": sender.pk if sender else None,
        "anchors": anchors_digest(release),
    }
    return create_job(kind=KIND, payload=payload, requested_by=sender, send=send)
