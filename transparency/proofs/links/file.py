"""The link `file`: where the file in the checker's hand stands in the chain (docs/formats.md 12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.proofs.digest import Digest
from transparency.proofs.errors import EvidenceError
from transparency.proofs.links.builds import EQUAL
from transparency.proofs.links.report import LinkReport

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from transparency.proofs.links.basis import GivenFile
    from transparency.proofs.links.builds import CheckedBuilds
    from transparency.proofs.links.deliveries import CheckedDelivery


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """Where the file stands; `deliveries` are all that it is part of, none for a published build."""

    report: LinkReport
    deliveries: tuple[CheckedDelivery, ...]


def check_file(file: GivenFile, deliveries: Sequence[CheckedDelivery], builds: Sequence[CheckedBuilds]) -> PlacedFile:
    """Return where the given file stands in the chain; raise `file-unknown` where it does not.

    A build that its vendor's list names; else an archive as delivered; else another part of a source delivery.
    """
    for item in builds:
        for artifact in item.record.artifacts:
            if artifact.listing == EQUAL and file.is_named(artifact.sha256):
                return PlacedFile(
                    LinkReport("file", "ok", f"it is {artifact.name}, listed and equal in {item.link}"), ()
                )
    parts = [(rank, number, what) for number, each in enumerate(deliveries) for rank, what in _parts(file, each)]
    if not parts:
        raise EvidenceError(
            "file-unknown",
            expected="a listed and equal build, or a file of a source delivery",
            found=f"sha256 {Digest(file.digests.sha256)}",
        )
    _, first, what = min(parts)
    return PlacedFile(
        LinkReport("file", "ok", f"it is {what} of {deliveries[first].report.name}"),
        tuple(deliveries[number] for number in sorted({number for _, number, _ in parts})),
    )


def _parts(file: GivenFile, delivery: CheckedDelivery) -> Iterator[tuple[int, str]]:
    """What the file is to this delivery, the archive first."""
    record = delivery.record
    if file.is_named(record.archive.sha256):
        yield 0, f"{record.archive.name}, the archive"
    if record.cover and not record.cover.is_kept and file.is_named(record.cover.file.sha256):
        yield 1, f"{record.cover.file.name}, the decompressed archive"
    for item in record.components:
        if file.is_named(item.sha256):
            yield 2, f"{item.name}, part of the source delivery: a component"
