"""Take a git repository in: store it as it came, ask for the import of one signed tag or commit. Nothing is parsed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.errors import EvidenceError, UnusableInputError
from transparency.proofs.sources.gitbundle import MAGICS
from transparency.proofs.sources.gitobject import check_ref_name, parse_object_name
from transparency.services.create_job import create_job
from transparency.services.receive_delivery import MAX_ARCHIVE_BYTES, anchors_digest, asked_about, check_archive_type
from transparency.services.stored_files import Received, StoredFile, store_file
from transparency.services.stores import objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.models import Job, Person, Product, Release
    from transparency.proofs.sources.gitobject import Wanted

KIND = "import-git"
CHECK_KIND = "check-git"


def receive_git(
    *,
    release: Release,
    repository: Received | StoredFile,
    wanted: Wanted,
    sender: Person | None = None,
    dry_run: bool = False,
    as_if: Sequence[str] = (),
    send: bool = True,
) -> Job:
    """Return the job of this import (`object-too-large`, `archive-type-unknown`, `git-ref-name`, `git-object-name`, `git-wanted`).

    Dry runs, releases that need not be there and `as_if` are as in receive_delivery.py.
    """
    check_wanted(wanted)
    product = release.product
    check_repository_type(product, repository)
    payload = {
        **asked_about(release, as_if),
        "archive": store_file(product=product, received=repository, limit=MAX_ARCHIVE_BYTES).as_json(),
        "wanted": wanted.as_json(),
        "sender": sender.pk if sender else None,
        "anchors": anchors_digest(release),
    }
    return create_job(kind=CHECK_KIND if dry_run else KIND, payload=payload, requested_by=sender, send=send)


def check_repository_type(product: Product, repository: Received | StoredFile) -> None:
    """Raise `archive-type-unknown` before anything is kept that is neither a bundle nor an archive."""
    if isinstance(repository, Received):
        stream = repository.stream
        is_bundle = stream.read(len(MAGICS[0])) in MAGICS
        stream.seek(0)
    else:
        with objects().open(product.store_key, repository.digest) as stored:
            is_bundle = stored.read(len(MAGICS[0])) in MAGICS
    if not is_bundle:
        check_archive_type(product, repository)


def check_wanted(wanted: Wanted) -> None:
    """Raise unless it names one tag, or one commit by its whole name."""
    if (wanted.tag is None) == (wanted.commit is None):
        raise UnusableInputError("git-wanted", expected="a tag or a commit", found="both" if wanted.tag else "neither")
    try:
        if wanted.tag is not None:
            check_ref_name(wanted.tag)
        else:
            parse_object_name(wanted.commit or "")
    except EvidenceError as error:
        raise UnusableInputError(error.code, expected=error.expected, found=error.found) from error
