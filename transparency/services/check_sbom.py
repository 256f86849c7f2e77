"""Compare a bill of materials with the tree of a delivery: the work is a job, its result is kept and never changed.

1. The document is read in the sandbox; a document that cannot be read strictly ends the job with its code.
2. Every file that it declares is looked up in the file table. SHA-256 is known from there; for another digest the file is read.
3. What it says to be about is compared with the release. None of it is a verdict on the source.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.db import transaction

from transparency.errors import EvidenceError
from transparency.gateways.sandbox import Meter
from transparency.gateways.sbom_parsing import read_sbom
from transparency.models import Delivery, Sbom
from transparency.proofs.escaping import unescape_path
from transparency.proofs.sbom.about import about_release
from transparency.proofs.sbom.against import check_tree
from transparency.queries import open_file_table, read_file
from transparency.services.claim_job import finish_job, keep_claim
from transparency.services.contain import sandbox
from transparency.services.note_progress import note_progress
from transparency.services.stored_files import StoredFile
from transparency.services.stores import objects

if TYPE_CHECKING:
    from transparency.models import Snapshot
    from transparency.proofs.filetable import FileEntry
    from transparency.proofs.sbom.document import Sbom as Document
    from transparency.services.claim_job import Claim

HEARTBEAT_SECONDS = 1.0
# Content that is read for digests other than SHA-256, all together; what is beyond stays unchecked, and is counted as that.
MAX_HASHED_BYTES = 4 * 1024**3
MAX_PACKAGES_KEPT = 2000


class _Digests:
    """Digests of a snapshot's files by the algorithm that a document chose."""

    def __init__(self, claim: Claim, snapshot: Snapshot) -> None:
        self._claim, self._snapshot = claim, snapshot
        self._read = self._files = 0
        self._last = 0.0

    def __call__(self, entry: FileEntry, algorithm: str) -> str | None:
        if self._read + entry.size > MAX_HASHED_BYTES:
            return None
        self._read += entry.size
        self._files += 1
        if time.monotonic() - self._last >= HEARTBEAT_SECONDS:
            self._last = time.monotonic()
            keep_claim(self._claim, progress={"step": f"Computed the {algorithm} of {self._files} files."})
        try:
            _, content = read_file(self._snapshot, entry.path)
        except EvidenceError as error:
            if error.code != "file-too-large":
                raise
            return None
        return hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()


def check_sbom(claim: Claim) -> None:
    """Do the whole comparison for a claimed job (`json-…`, `sbom-…`)."""
    rows = Delivery.objects.select_related("release__product", "snapshot__product")
    delivery = rows.get(pk=claim.payload["delivery"])
    stored, meter = StoredFile.from_json(claim.payload["sbom"]), Meter()
    compartment = delivery.release.product.store_key
    with objects().open(compartment, stored.digest) as source:
        document = read_sbom(
            sandbox(),
            source,
            scratch=objects().scratch(compartment),
            tick=lambda _: keep_claim(claim, progress={"step": "Reading the document."}),
            meter=meter,
        )
    note_progress(
        claim, text=f"Read {document.form}: {len(document.files)} files and {len(document.packages)} packages declared."
    )
    values = _compared(claim, document, delivery)
    with transaction.atomic():
        row, _ = Sbom.objects.get_or_create(
            release=delivery.release,
            delivery=delivery,
            sha256=stored.sha256,
            defaults={
                "file_name": stored.name,
                "size": stored.size,
                "sender_id": claim.payload["sender"],
                **values,
            },
        )
        finish_job(claim, result={"sbom": row.pk, "contained": asdict(meter)})


def _compared(claim: Claim, document: Document, delivery: Delivery) -> dict[str, Any]:
    """What the row says beside who handed it in."""
    snapshot, product = delivery.snapshot, delivery.release.product
    if snapshot is None:
        raise AssertionError("only an admitted delivery is compared")
    tree = check_tree(
        document.files,
        open_file_table(snapshot),
        prefix=unescape_path(delivery.prefix),
        digest_of=_Digests(claim, snapshot),
    )
    note_progress(
        claim,
        text=f"{tree.absent} declared and absent, {tree.undeclared} undeclared, {tree.differing} of another digest.",
    )
    wrong = about_release(
        document.subjects,
        names=dict.fromkeys((product.slug, product.name)),
        version=delivery.release.version,
        purl=(delivery.package or {}).get("purl", ""),
    )
    return {
        "snapshot": snapshot,
        "form": document.form,
        "title": document.name,
        "tree": tree.as_json(),
        "packages": [asdict(item) for item in document.packages[:MAX_PACKAGES_KEPT]],
        "packages_declared": len(document.packages),
        "subjects": [asdict(item) for item in document.subjects[:MAX_PACKAGES_KEPT]],
        "findings": [{"rule": rule, "detail": detail} for rule, detail in wrong],
    }
