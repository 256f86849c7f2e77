"""The dry run of a Debian source: every delivery that would come of it, judged and read whatever its verdict. Only the reports remain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import transaction

from transparency.gateways.sandbox import Meter
from transparency.reports import check_report, source_report
from transparency.services.claim_job import finish_job
from transparency.services.imagine_release import save_imagined
from transparency.services.import_debian_source import judge_and_read_source, keep_source
from transparency.services.judge_files import not_enrolled

if TYPE_CHECKING:
    from transparency.services.claim_job import Claim


def check_debian_source(claim: Claim) -> None:
    """The same as the import in everything, but what it would have kept is rolled back. The subject's report comes first."""
    outcomes = judge_and_read_source(claim, Meter(), dry_run=True)
    release, as_if = outcomes[0].arrival.release, outcomes[0].arrival.as_if
    counted = not_enrolled(release.product, as_if)
    with transaction.atomic():
        release = save_imagined(release)
        outcomes = [replace(item, arrival=replace(item.arrival, release=release)) for item in outcomes]
        deliveries = keep_source(claim, outcomes)
        reports = [
            check_report(delivery, read=item.intake is not None, as_if=counted)
            for delivery, item in zip(deliveries, outcomes, strict=True)
        ]
        transaction.set_rollback(True)
    finish_job(claim, result={"report": source_report(reports)})
