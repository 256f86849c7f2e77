"""Make a delivery of files that are here: uploads that are finished, or what came with a form. One service for browser and CI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from transparency.errors import UnusableInputError
from transparency.proofs.sbom.document import MAX_SBOM_BYTES
from transparency.services.handed_files import Handed, keep_handed, keep_longer, release_for
from transparency.services.receive_delivery import MAX_ARCHIVE_BYTES, MAX_LIST_BYTES, Over, receive_delivery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.models import Job, Person, Product

ROLES = ("release-archive", "upstream", "distribution", "patched")


def deliver_uploads(
    *,
    product: Product,
    sender: Person,
    version: str,
    archive: Handed,
    signatures: Sequence[bytes],
    checksums: Handed | None = None,
    sbom: Handed | None = None,
    over: Over = "archive",
    role: str = "release-archive",
    dry_run: bool = False,
    as_if: Sequence[str] = (),
    send: bool = True,
) -> Job:
    """Return the job; a release that is not there yet is made with it, but not for a dry run.

    `as_if`: keys that count for a dry run as if they were enrolled. Raises `role-unknown`, `upload-unfinished`, `upload-foreign` and all
    that receive_delivery raises. Whether the sender may deliver is the caller's question.
    """
    if role not in ROLES:
        raise UnusableInputError("role-unknown", expected=", ".join(ROLES), found=ascii(role[:40]))
    file = keep_handed(product, sender, archive, MAX_ARCHIVE_BYTES, is_archive=True)
    listing = keep_handed(product, sender, checksums, MAX_LIST_BYTES) if checksums else None
    bill = keep_handed(product, sender, sbom, MAX_SBOM_BYTES) if sbom else None
    with transaction.atomic():
        keep_longer(archive, checksums, sbom)
        return receive_delivery(
            release=release_for(product, version, dry_run=dry_run),
            archive=file,
            signatures=signatures,
            cover=listing,
            sbom=bill,
            over=over,
            role=role,
            sender=sender,
            dry_run=dry_run,
            as_if=as_if if dry_run else (),
            send=send,
        )
