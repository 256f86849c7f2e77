"""Take an archive and its signatures in: store them as they came, ask for the import. Nothing is parsed here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from transparency.gateways.decompress import archive_type
from transparency.proofs.canonical import canonical_json
from transparency.proofs.digest import Digest
from transparency.services.create_job import create_job
from transparency.services.stores import objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.models import Job, Person, Release

KIND = "import-snapshot"
MAX_ARCHIVE_BYTES = 16 * 1024**3
MAX_SIGNATURE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Received:
    """A file as it came: its name (the last component) and a stream of its bytes."""

    name: str
    stream: BinaryIO


def receive_delivery(
    *,
    release: Release,
    archive: Received,
    signatures: Sequence[bytes],
    role: str = "release-archive",
    sender: Person | None = None,
    send: bool = True,
) -> Job:
    """Return the job of this import; the same files against the same enrolled keys give the same job (`archive-type-unknown`)."""
    archive_type(archive.stream)
    compartment = release.product.store_key
    stored = objects().put_file(compartment, archive.stream, limit=MAX_ARCHIVE_BYTES)
    payload = {
        "release": release.pk,
        "role": role,
        "archive": {
            "name": archive.name[-255:],
            "size": stored.size,
            "sha256": stored.digest.hex,
            "sha512": stored.sha512.hex(),
            "blake2b512": stored.blake2b512.hex(),
        },
        "signatures": [
            objects().put_bytes(compartment, signature[: MAX_SIGNATURE_BYTES + 1]).hex for signature in signatures
        ],
        "sender": sender.pk if sender else None,
        "anchors": anchors_digest(release),
    }
    return create_job(kind=KIND, payload=payload, requested_by=sender, send=send)


def anchors_digest(release: Release) -> str:
    """Digest of the keys enrolled now: with other keys, the same files are another question."""
    anchors = release.product.anchors.order_by("fingerprint").values_list("fingerprint", "valid_from", "valid_until")
    return Digest.of(canonical_json([[str(value) for value in anchor] for anchor in anchors])).hex
