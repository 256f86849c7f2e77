"""Make a delivery of a Debian source: its .dsc, every file that it names, and signatures (.asc) beside these. For browser and CI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from transparency.errors import UnusableInputError
from transparency.proofs.digest import Digest
from transparency.proofs.links.dsc import MAX_FILE_BYTES
from transparency.services.handed_files import Handed, keep_handed, keep_longer, release_for
from transparency.services.receive_debian_source import MAX_FILES, beside_dsc, receive_debian_source
from transparency.services.receive_delivery import MAX_ARCHIVE_BYTES
from transparency.services.stores import objects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from transparency.models import Job, Person, Product
    from transparency.proofs.links.dsc import NamedFile
    from transparency.services.stored_files import StoredFile

ENDING, SIGNATURE = ".dsc", ".asc"


def deliver_source(
    *,
    product: Product,
    sender: Person,
    version: str,
    dsc: Handed,
    files: Sequence[Handed],
    dry_run: bool = False,
    as_if: Sequence[str] = (),
    send: bool = True,
) -> Job:
    """Return the job; a release that is not there yet is made with it, but not for a dry run.

    Raises `dsc-name`, `dsc-malformed`, `dsc-file-missing`, `dsc-file-differs`, `dsc-file-other` (all of them are named), `duplicate-file`,
    `files-many`, `upload-unfinished`, `upload-foreign`, `object-too-large`. Whether the sender may deliver is the caller's question.
    """
    if not dsc.name.endswith(ENDING):
        raise UnusableInputError(
            "dsc-name", expected=f"a file whose name ends with {ENDING}", found=ascii(dsc.name[:80])
        )
    _check_names([file.name for file in files])
    description = keep_handed(product, sender, dsc, MAX_FILE_BYTES)
    stored = [keep_handed(product, sender, file, MAX_ARCHIVE_BYTES) for file in files]
    keep_longer(dsc, *files)  # where some are missing, what has arrived waits for them
    data = objects().read(product.store_key, Digest.parse(description.sha256), limit=MAX_FILE_BYTES)
    _check_files(beside_dsc(data), {file.name: file for file in stored})
    with transaction.atomic():
        return receive_debian_source(
            release=release_for(product, version, dry_run=dry_run),
            dsc=description,
            files=stored,
            sender=sender,
            dry_run=dry_run,
            as_if=as_if if dry_run else (),
            send=send,
        )


def _check_names(names: Sequence[str]) -> None:
    """Before anything is stored (`duplicate-file`, `files-many`)."""
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UnusableInputError("duplicate-file", expected="each file name once", found=", ".join(twice)[:200])
    if len(names) > MAX_FILES:
        raise UnusableInputError("files-many", expected=f"at most {MAX_FILES} files", found=str(len(names)))


def _check_files(named: Mapping[str, NamedFile], given: Mapping[str, StoredFile]) -> None:
    """All that is missing in one answer, then all that differs, then what nobody asked for."""
    if missing := [name for name in named if name not in given]:
        raise UnusableInputError(
            "dsc-file-missing", expected="; ".join(_told(name, named[name]) for name in missing), found="no such file"
        )
    wrong = [name for name, file in named.items() if (given[name].size, given[name].digest) != (file.size, file.sha256)]
    if wrong:
        found = "; ".join(f"{name}: {given[name].size} bytes, sha256 {given[name].sha256}" for name in wrong)
        raise UnusableInputError(
            "dsc-file-differs", expected="; ".join(_told(name, named[name]) for name in wrong), found=found
        )
    known = {*named, *(f"{name}{SIGNATURE}" for name in named)}
    if other := sorted(set(given) - known):
        expected = f"the files that the description names, and their {SIGNATURE} signatures"
        raise UnusableInputError("dsc-file-other", expected=expected, found=", ".join(other)[:200])


def _told(name: str, file: NamedFile) -> str:
    return f"{name}: {file.size} bytes, sha256 {file.sha256.hex}"
