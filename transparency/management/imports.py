"""Follow a job from a command: claim it like a worker does, else wait for whoever has it."""

from __future__ import annotations

import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from django.db import connection

from transparency.errors import EvidenceError, UnusableInputError
from transparency.gateways.repofolder import archive_repository
from transparency.models import Job
from transparency.proofs.log.note import MAX_NOTE_BYTES
from transparency.proofs.signatures.keys import key_from_text
from transparency.services.enrol_anchor import DELIVERY_NAMESPACES, enrol_product_anchor
from transparency.services.import_keyring import certificates_of
from transparency.services.perform_job import perform_job
from transparency.services.receive_delivery import MAX_SIGNATURE_BYTES
from transparency.services.stored_files import Received

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from django.core.management.base import CommandParser

    from transparency.management.output import PortalCommand
    from transparency.models import Product

POLL_SECONDS = 0.5
_OPENPGP = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
_ENDED = {Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED}


def add_release_arguments(parser: CommandParser) -> None:
    parser.add_argument("--product", required=True, metavar="SLUG")
    parser.add_argument("--release", required=True, metavar="VERSION")
    parser.add_argument(
        "--vendor", default="local", metavar="SLUG", help="used when the product is new (default: local)"
    )
    parser.add_argument("--restricted", action="store_true", help="a new product is restricted")
    parser.add_argument(
        "--key", action="append", default=[], metavar="FILE", help="enrol this public key for the product"
    )


def add_published_argument(parser: CommandParser, *, told: str) -> None:
    parser.add_argument("--published", metavar="FILE", help=told)


def read_published(options: dict[str, Any]) -> bytes | None:
    """The checkpoint that somebody kept elsewhere, where one was given."""
    return read_small_file(options["published"], MAX_NOTE_BYTES) if options["published"] else None


def read_small_file(name: str, limit: int) -> bytes:
    """The whole file; `file-unreadable` (exit 2) when it cannot be read, `object-too-large` when it is over `limit`."""
    try:
        with Path(name).open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise UnusableInputError(
            "file-unreadable", expected="a readable file", found=error.strerror or "", subject=name
        ) from error
    if len(data) > limit:
        raise UnusableInputError("object-too-large", expected=f"at most {limit} bytes", found="more", subject=name)
    return data


def open_repository(stack: ExitStack, name: str) -> Received:
    """A repository in a folder of this machine, as the file that is to be received (`git-folder-unreadable`)."""
    stream = cast("BinaryIO", stack.enter_context(tempfile.TemporaryFile()))  # noqa: SIM115 - the stack closes it
    path = Path(name).resolve()
    archive_repository(path, stream)
    stream.seek(0)
    return Received(f"{path.name}.tar", stream)


def open_received(stack: ExitStack, name: str) -> Received:
    """A file as it is to be received; `stack` closes it (`file-unreadable`)."""
    try:
        return Received(Path(name).name, stack.enter_context(Path(name).open("rb")))
    except OSError as error:
        raise UnusableInputError(
            "file-unreadable", expected="a readable file", found=error.strerror or "", subject=Path(name).name
        ) from error


def enrol_keys(product: Product, names: Iterable[str], *, namespaces: Sequence[str] = DELIVERY_NAMESPACES) -> None:
    """Enrol what `--key` names: shown as enrolled by one person, namely whoever ran the command."""
    for text in read_keys(names):
        enrol_product_anchor(product=product, public_text=text, enrolled_by=None, namespaces=namespaces)


def read_keys(names: Iterable[str]) -> list[str]:
    """The public keys in the files that `--key` names, each of them one that reads (`key-…`, exit 2)."""
    found: list[str] = []
    for name in names:
        text = read_small_file(name, MAX_SIGNATURE_BYTES * 4).decode("utf-8", "replace")
        try:
            keys = certificates_of(text) if _OPENPGP in text else (text,)
            for key in keys:
                key_from_text(key)
        except EvidenceError as error:
            raise UnusableInputError(error.code, expected=error.expected, found=error.found, subject=name) from error
        found += keys
    return found


def follow_job(command: PortalCommand, job: Job) -> Job:
    """Return the ended job; progress goes to stderr."""
    while job.state not in _ENDED:
        with _progress(command, job):
            worked = perform_job(job=job.pk)
        job.refresh_from_db()
        if not worked and job.state not in _ENDED:
            time.sleep(POLL_SECONDS)
    return job


@contextmanager
def _progress(command: PortalCommand, job: Job) -> Iterator[None]:
    """Show the job's row every second while the block runs."""
    ended = threading.Event()

    def show() -> None:
        while not ended.wait(1.0):
            command.progress(_line(Job.objects.values_list("progress", flat=True).get(pk=job.pk)))
        connection.close()

    watcher = threading.Thread(target=show, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _line(progress: dict[str, Any]) -> str:
    if "members" not in progress:
        return str(progress.get("step", "waiting"))
    read, size = progress.get("archiveBytes", 0), progress.get("archiveSize") or 1
    return f"{progress['step']}: {progress['members']} members, {progress['bytes']:,} bytes, {100 * read // size} % of the archive"
