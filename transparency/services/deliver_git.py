"""Make a delivery of a git repository: a bundle or an archived bare repository, and which tag or commit. For browser and CI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from transparency.services.handed_files import Handed, keep_handed, keep_longer, release_for
from transparency.services.receive_delivery import MAX_ARCHIVE_BYTES
from transparency.services.receive_git import check_repository_type, check_wanted, receive_git
from transparency.services.stored_files import Received

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.models import Job, Person, Product
    from transparency.proofs.sources.gitobject import Wanted


def deliver_git(
    *,
    product: Product,
    sender: Person,
    version: str,
    repository: Handed,
    wanted: Wanted,
    dry_run: bool = False,
    as_if: Sequence[str] = (),
    send: bool = True,
) -> Job:
    """Return the job; a release that is not there yet is made with it, but not for a dry run.

    Raises `upload-unfinished`, `upload-foreign` and all that receive_git raises. Whether the sender may deliver is the caller's question.
    """
    check_wanted(wanted)
    if isinstance(repository, Received):
        check_repository_type(product, repository)
    file = keep_handed(product, sender, repository, MAX_ARCHIVE_BYTES)
    with transaction.atomic():
        keep_longer(repository)
        return receive_git(
            release=release_for(product, version, dry_run=dry_run),
            repository=file,
            wanted=wanted,
            sender=sender,
            dry_run=dry_run,
            as_if=as_if if dry_run else (),
            send=send,
        )
