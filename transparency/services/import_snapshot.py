"""Perform an import: judge the signatures, read the members once, keep the snapshot or put the delivery into quarantine.

1. Judge every signature over exactly the stored bytes, against the keys enrolled for the product.
2. Only a valid delivery is parsed: one streaming pass through path policy and limits (transparency/services/read_archive.py).
3. Everything becomes visible in one transaction together with the job's end and the log leaf, or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.models import Release
from transparency.services.admit_delivery import admit_delivery, quarantine_delivery
from transparency.services.judge_files import judge_file
from transparency.services.read_archive import read_archive

if TYPE_CHECKING:
    from transparency.services.claim_job import Claim

ADMISSIBLE = frozenset({"valid"})


def import_snapshot(claim: Claim) -> None:
    """Do the whole import for a claimed job; LeaseLostError when overtaken, and then nothing was kept."""
    release = Release.objects.select_related("product__vendor").get(pk=claim.payload["release"])
    verdict = judge_file(release=release, file=claim.payload["archive"], signatures=claim.payload["signatures"])
    if verdict.outcome not in ADMISSIBLE:
        quarantine_delivery(claim, release=release, verdict=verdict, intake=None)
        return
    intake = read_archive(claim, release=release)
    if intake.refused:
        quarantine_delivery(claim, release=release, verdict=verdict, intake=intake)
        return
    admit_delivery(claim, release=release, verdict=verdict, intake=intake)
