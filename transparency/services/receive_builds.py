"""Take published build files and their checksum list in; ask for the comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.errors import UnusableInputError
from transparency.services.create_job import create_job
from transparency.services.receive_delivery import MAX_SIGNATURE_BYTES, Received, anchors_digest
from transparency.services.stores import objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.models import Job, Person, Release

KIND = "import-builds"
MAX_ARTIFACT_BYTES = 16 * 1024**3
MAX_LIST_BYTES = 16 * 1024**2


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
    compartment = release.product.store_key
    stored = [(file.name, objects().put_file(compartment, file.stream, limit=MAX_ARTIFACT_BYTES)) for file in files]
    listing = objects().put_file(compartment, manifest.stream, limit=MAX_LIST_BYTES) if manifest else None
    payload = {
        "release": release.pk,
        "files": [{"name": name, "size": item.size, "sha256": item.digest.hex} for name, item in sorted(stored)],
        "list": {
            "name": manifest.name,
            "size": listing.size,
            "sha256": listing.digest.hex,
            "sha512": listing.sha512.hex(),
            "blake2b512": listing.blake2b512.hex(),
        }
        if manifest and listing
        else None,
        "signatures": [objects().put_bytes(compartment, item[: MAX_SIGNATURE_BYTES + 1]).hex for item in signatures],
        "sender": sender.pk if sender else None,
        "anchors": anchors_digest(release),
    }
    return create_job(kind=KIND, payload=payload, requested_by=sender, send=send)
