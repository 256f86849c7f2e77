"""Enter the files of a distribution package into the catalogue of known ones. The package is read in a contained process, offline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from transparency.errors import EvidenceError
from transparency.gateways.warm import WarmBounds
from transparency.models import KnownFile
from transparency.proofs.catalogue.reading import ask_package, read_answer
from transparency.proofs.digest import Digest
from transparency.services.compare_snapshots import FOLDER
from transparency.services.contain import warm

if TYPE_CHECKING:
    from transparency.services.stored_files import Received

READING = "transparency.proofs.catalogue.reading"
MAX_PACKAGE_BYTES = 256 * 1024**2
# Packages of such tools are a few megabytes; the sources of gettext take half a minute.
BOUNDS = WarmBounds(cpu=120, time=300, memory=2 * 1024**3, output=64 * 1024**2)


@dataclass(frozen=True, slots=True)
class Filled:
    """What came of one package: its digest, how many files it has of the kind, and how many of them are new."""

    sha256: str
    packages: tuple[str, ...]
    files: int
    new: int


def fill_catalogue(*, package: Received) -> Filled:
    """Raise `catalogue-package`, `catalogue-size`, `deb-malformed`, `object-too-large`, `warm-limit`, …; entering twice changes nothing."""
    data = package.stream.read(MAX_PACKAGE_BYTES + 1)
    if len(data) > MAX_PACKAGE_BYTES:
        raise EvidenceError("object-too-large", expected=f"at most {MAX_PACKAGE_BYTES} bytes", found="more")
    source = Digest.of(data).hex
    copies = read_answer(warm(READING, FOLDER, BOUNDS).run(ask_package(package.name, data)))
    rows = [
        KnownFile(
            name=each.name, sha256=each.sha256, serial=each.serial, stripped=each.stripped, package=each.package,
            version=each.version, path=each.path, source=source,
        )
        for each in copies
    ]  # fmt: skip
    with transaction.atomic():
        before = KnownFile.objects.count()
        KnownFile.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
        new = KnownFile.objects.count() - before
    names = sorted({f"{each.package} {each.version}" for each in copies})
    return Filled(source, tuple(names), len(copies), new)
