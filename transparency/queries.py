"""Reads: rows, the file table of a snapshot, one file's bytes, proofs from the log."""

from __future__ import annotations

import mmap
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Case, Q, Value, When

from transparency.errors import EvidenceError, UnavailableError
from transparency.gateways.gitfolder import create_repository
from transparency.gateways.gitstore import Repository
from transparency.gateways.upkeep import read_upkeep
from transparency.models import (
    Delivery,
    Installation,
    LogEntry,
    LogHead,
    Organisation,
    Product,
    Release,
    SignatureFile,
    Snapshot,
    TrustAnchor,
)
from transparency.proofs.digest import Digest
from transparency.proofs.filetable import FileEntry, FileTable, Listing
from transparency.proofs.log.merkle import prove_inclusion
from transparency.proofs.log.proof import LogProof
from transparency.proofs.log.tiles import Tile, TileHashes
from transparency.services.stores import cache, log_store

if TYPE_CHECKING:
    from pathlib import Path

    from django.db.models import QuerySet

OPEN_TABLES = 32
KEPT_LISTINGS = 32  # of 2,000 files each some 20 MB
OPEN_REPOSITORIES = 16
MAX_FILE_BYTES = 64 * 1024**2


def installation() -> Installation:
    row = Installation.objects.first()
    if row is None:
        raise UnavailableError("not-initialised", expected="an identity made by `manage.py init`", found="none")
    return row


def last_upkeep(name: str) -> dict[str, Any] | None:
    """What is known of the last `backup`, `verify-log` or `storage`; None when nothing is."""
    return read_upkeep(settings.HOME, name)


def find_release(product: str, version: str) -> Release | None:
    return (
        Release.objects.select_related("product__vendor", "subject")
        .filter(product__slug=product, version=version)
        .first()
    )


def admitted_deliveries(release: Release) -> QuerySet[Delivery]:
    """The subject's deliveries first, then the others, oldest first."""
    admitted = release.deliveries.filter(state=Delivery.State.ADMITTED).select_related("snapshot")
    other = Case(When(snapshot_id=release.subject_id, then=Value(0)), default=Value(1))
    return admitted.annotate(other=other).order_by("other", "pk")


def vendor_anchors(vendor: Organisation) -> QuerySet[TrustAnchor]:
    """The keys of a vendor for all of its products."""
    return TrustAnchor.objects.filter(organisation=vendor, product__isnull=True, person__isnull=True)


def product_anchors(product: Product) -> QuerySet[TrustAnchor]:
    """A product's own keys, and of its vendor's keys for all products those that it has as well or that signed something of it."""
    handed_in = Q(delivery__release__product=product) | Q(build_list__release__product=product)
    signed = Q(fingerprint__in=SignatureFile.objects.filter(handed_in).values("key"))
    wide = vendor_anchors(product.vendor).filter(signed | Q(fingerprint__in=product.anchors.values("fingerprint")))
    rows = TrustAnchor.objects.filter(Q(product=product) | Q(pk__in=wide.values("pk")))
    return rows.select_related("organisation", "product").order_by("pk")


def products_signed_by(anchor: TrustAnchor) -> QuerySet[Product]:
    """The products of the key's vendor that have a delivery or a checksum list with a signature by it."""
    rows = SignatureFile.objects.filter(key=anchor.fingerprint)
    deliveries = rows.filter(delivery__isnull=False).values("delivery__release__product")
    lists = rows.filter(build_list__isnull=False).values("build_list__release__product")
    named = Q(pk__in=deliveries) | Q(pk__in=lists)
    return Product.objects.filter(named, vendor=anchor.organisation_id).order_by("slug")


def open_file_table(snapshot: Snapshot) -> FileTable:
    return file_table_of(snapshot.product.store_key, snapshot.file_table)


@lru_cache(maxsize=OPEN_TABLES)
def file_table_of(compartment: str, digest: str) -> FileTable:
    with cache().materialise(compartment, Digest.parse(digest)).open("rb") as stream:
        return FileTable(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))


def list_folder(snapshot: Snapshot, folder: bytes) -> Listing:
    """The direct children of a folder; who may know of which is the caller's question."""
    return _listing(snapshot.product.store_key, snapshot.file_table, folder)


@lru_cache(maxsize=KEPT_LISTINGS)
def _listing(compartment: str, digest: str, folder: bytes) -> Listing:
    return file_table_of(compartment, digest).listing(folder)


def read_file(snapshot: Snapshot, path: bytes, *, limit: int = MAX_FILE_BYTES) -> tuple[FileEntry, bytes]:
    """A file is reached only through (snapshot, path); its SHA-256 is checked (`path-unknown`, `object-damaged`, `file-too-large`)."""
    entry = open_file_table(snapshot).find(path)
    if entry is None:
        raise EvidenceError("path-unknown", expected="a file of the snapshot", found="nothing")
    folder = cache().folder(snapshot.product.store_key, "repositories") / snapshot.manifest
    if not folder.exists():  # the cache was shrunk or erased: what is still open would be the last copy
        _repository.cache_clear()
    repository = _repository(folder, snapshot.product.store_key, snapshot.pk)
    return entry, repository.read_blob(entry.sha1, expect_sha256=entry.sha256, limit=limit)


@lru_cache(maxsize=OPEN_REPOSITORIES)
def _repository(folder: Path, compartment: str, snapshot: int) -> Repository:
    packs = [
        (
            cache().materialise(compartment, Digest.parse(row.pack)),
            cache().materialise(compartment, Digest.parse(row.index)),
        )
        for row in Snapshot.objects.get(pk=snapshot).packs.all()
    ]
    create_repository(folder, packs)
    return Repository(folder)


def log_head() -> LogHead:
    head = LogHead.objects.first()
    if head is None:
        raise UnavailableError("not-initialised", expected="a log made by `manage.py init`", found="none")
    return head


def prove_entry(entry: LogEntry, head: LogHead) -> LogProof:
    """Inclusion proof of a published entry against `head`, from the public tiles (`not-published-yet`)."""
    if entry.index is None or entry.index >= head.size:
        raise UnavailableError("not-published-yet", expected=f"an entry below {head.size}", found="a pending entry")
    hashes = TileHashes(_read_tile, head.size)
    return LogProof(entry.index, tuple(prove_inclusion(entry.index, head.size, hashes)), bytes(head.checkpoint))


def _read_tile(tile: Tile) -> bytes:
    return log_store().read(tile.path)
