"""Take an archive and its signatures in: store them as they came, ask for the import. Nothing is parsed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from transparency.errors import UnusableInputError
from transparency.gateways.decompress import archive_type
from transparency.proofs.canonical import canonical_json
from transparency.proofs.digest import Digest
from transparency.proofs.sbom.document import MAX_SBOM_BYTES
from transparency.services.create_job import create_job
from transparency.services.enrol_anchor import product_anchors
from transparency.services.imagine_release import NO_PRODUCT, described
from transparency.services.stored_files import Received, StoredFile, store_file
from transparency.services.stores import objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.models import Job, Person, Product, Release

KIND = "import-snapshot"
CHECK_KIND = "check-delivery"
MAX_ARCHIVE_BYTES = 16 * 1024**3
MAX_LIST_BYTES = 16 * 1024**2
MAX_SIGNATURE_BYTES = 64 * 1024
MAX_SIGNATURES = 16
Over = Literal["archive", "decompressed"]


def receive_delivery(
    *,
    release: Release,
    archive: Received | StoredFile,
    signatures: Sequence[bytes],
    cover: Received | StoredFile | None = None,
    sbom: Received | StoredFile | None = None,
    over: Over = "archive",
    role: str = "release-archive",
    sender: Person | None = None,
    dry_run: bool = False,
    as_if: Sequence[str] = (),
    send: bool = True,
) -> Job:
    """Return the job of this import; the same files against the same enrolled keys give the same job.

    With `cover` the signatures are over that checksum list, which must name the archive; with `over="decompressed"` over the
    plain tar. A bill of materials `sbom` is compared with the tree once the delivery is admitted. A dry run judges and reads everything
    and keeps nothing; its `release` need not be saved (imagine_release.py), and the public keys `as_if`, which read, count for it as if
    they were enrolled. Raises `archive-type-unknown`, `signatures-many`,
    `cover-and-decompressed`, `object-too-large`.
    """
    if len(signatures) > MAX_SIGNATURES:
        raise UnusableInputError("signatures-many", expected=f"at most {MAX_SIGNATURES}", found=str(len(signatures)))
    if cover and over != "archive":
        raise UnusableInputError("cover-and-decompressed", expected="a list or the decompressed tar", found="both")
    product = release.product
    check_archive_type(product, archive)
    stored = store_file(product=product, received=archive, limit=MAX_ARCHIVE_BYTES)
    listing = store_file(product=product, received=cover, limit=MAX_LIST_BYTES) if cover else None
    payload = {
        **asked_about(release, as_if),
        "role": role,
        "archive": stored.as_json(),
        "signatures": store_signatures(product, signatures),
        "cover": {"form": "checksums", **listing.as_json()} if listing else None,
        "over": over,
        "sender": sender.pk if sender else None,
        "anchors": anchors_digest(release),
    }
    if sbom:
        payload["sbom"] = store_file(product=product, received=sbom, limit=MAX_SBOM_BYTES).as_json()
    return create_job(kind=CHECK_KIND if dry_run else KIND, payload=payload, requested_by=sender, send=send)


def asked_about(release: Release, as_if: Sequence[str] = ()) -> dict[str, Any]:
    """Members of a payload: the release. A dry run may ask about one that is not there; only its own job names it, and its keys."""
    product = release.product
    asked: dict[str, Any] = {"release": release.pk}
    if not release.pk and product.pk == NO_PRODUCT:
        asked |= {"imagined": described(release)}
    elif not release.pk:
        asked |= {"product": product.pk, "version": release.version}
    if as_if:
        asked |= {"keys": sorted(key.strip() for key in as_if)}
    return asked


def check_archive_type(product: Product, archive: Received | StoredFile) -> None:
    """Raise `archive-type-unknown` before anything is kept that nobody could read."""
    if isinstance(archive, Received):
        archive_type(archive.stream)
        return
    with objects().open(product.store_key, archive.digest) as stream:
        archive_type(stream)


def store_signatures(product: Product, signatures: Sequence[bytes]) -> list[str]:
    """Digests of the stored signature files; one byte too many is kept of one that is too long, so that it is judged unreadable."""
    return [objects().put_bytes(product.store_key, item[: MAX_SIGNATURE_BYTES + 1]).hex for item in signatures]


def anchors_digest(release: Release) -> str:
    """Digest of the keys enrolled now: with other keys, the same files are another question."""
    anchors = (
        product_anchors(release.product)
        .order_by("fingerprint", "pk")
        .values_list("fingerprint", "valid_from", "valid_until", "revoked_at", "revocation")
    )
    facts: Any = [[str(value) for value in anchor] for anchor in anchors]
    return Digest.of(canonical_json(facts)).hex
