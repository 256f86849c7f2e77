"""Take a Debian source package in: its .dsc, the files that it names, the signatures beside them. Nothing is parsed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.errors import EvidenceError, UnusableInputError
from transparency.proofs.links.dsc import MAX_FILE_BYTES, files_named, signed_text
from transparency.services.create_job import create_job
from transparency.services.receive_delivery import MAX_ARCHIVE_BYTES, anchors_digest, asked_about
from transparency.services.stored_files import Received, StoredFile, store_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from transparency.models import Job, Person, Release
    from transparency.proofs.links.dsc import NamedFile

KIND = "import-debian"
CHECK_KIND = "check-debian"
MAX_FILES = 64


def receive_debian_source(
    *,
    release: Release,
    dsc: Received | StoredFile,
    files: Sequence[Received | StoredFile],
    sender: Person | None = None,
    dry_run: bool = False,
    as_if: Sequence[str] = (),
    send: bool = True,
) -> Job:
    """Return the job of this import (`object-too-large`, `duplicate-file`, `files-many`). `files` are what the .dsc names, `.asc` too.

    Dry runs, releases that need not be there and `as_if` are as in receive_delivery.py.
    """
    if len(files) > MAX_FILES:
        raise UnusableInputError("files-many", expected=f"at most {MAX_FILES} files", found=str(len(files)))
    names = [file.name for file in files]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UnusableInputError("duplicate-file", expected="each file name once", found=", ".join(twice))
    product = release.product
    stored = [store_file(product=product, received=file, limit=MAX_ARCHIVE_BYTES) for file in files]
    payload = {
        **asked_about(release, as_if),
        "dsc": store_file(product=product, received=dsc, limit=MAX_FILE_BYTES).as_json(),
        "files": [file.as_json() for file in sorted(stored, key=lambda file: file.name)],
        "sender": sender.pk if sender else None,
        "anchors": anchors_digest(release),
    }
    return create_job(kind=CHECK_KIND if dry_run else KIND, payload=payload, requested_by=sender, send=send)


def beside_dsc(data: bytes) -> Mapping[str, NamedFile]:
    """The files that a .dsc lists, so that they can be looked for beside it (`dsc-malformed`); they are judged in the sandbox."""
    try:
        return files_named(signed_text(data))
    except EvidenceError as error:
        raise UnusableInputError(
            error.code, expected=error.expected, found=error.found, subject=error.subject
        ) from error
