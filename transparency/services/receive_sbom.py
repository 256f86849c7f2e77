"""Take a bill of materials in for a release: store it as it came, ask for the comparison. Nothing is parsed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.errors import EvidenceError
from transparency.proofs.sbom.document import MAX_SBOM_BYTES
from transparency.queries import admitted_deliveries
from transparency.services.create_job import create_job
from transparency.services.stored_files import Received, StoredFile, store_file

if TYPE_CHECKING:
    from transparency.models import Delivery, Job, Person, Release

KIND = "check-sbom"


def receive_sbom(
    *,
    release: Release,
    document: Received | StoredFile,
    delivery: Delivery | None = None,
    sender: Person | None = None,
    send: bool = True,
) -> Job:
    """Return the job that compares it with the tree of `delivery`, or of the release's subject (`sbom-no-source`, `object-too-large`)."""
    beside = delivery or admitted_deliveries(release).first()
    if beside is None or beside.snapshot_id is None:
        raise EvidenceError("sbom-no-source", expected="an admitted source of the release", found="none")
    stored = store_file(product=release.product, received=document, limit=MAX_SBOM_BYTES)
    payload = {
        "release": release.pk,
        "delivery": beside.pk,
        "sbom": stored.as_json(),
        "sender": sender.pk if sender else None,
    }
    return create_job(kind=KIND, payload=payload, requested_by=sender, send=send)
