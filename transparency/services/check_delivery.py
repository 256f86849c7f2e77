"""The dry run of a delivery: judged and read like an import, and every refusal listed, whatever the verdict. Only its report remains."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import transaction

from transparency.gateways.sandbox import Meter
from transparency.reports import check_report
from transparency.services.arrival import arrival_of
from transparency.services.claim_job import finish_job
from transparency.services.imagine_release import save_imagined
from transparency.services.import_snapshot import judge_and_read, keep_delivery
from transparency.services.judge_files import not_enrolled

if TYPE_CHECKING:
    from transparency.services.claim_job import Claim


def check_delivery(claim: Claim) -> None:
    """The same as the import in everything, but what it would have kept is rolled back."""
    arrival, verdict, intake = judge_and_read(claim, arrival_of(claim, dry_run=True), Meter())
    as_if = not_enrolled(arrival.release.product, arrival.as_if)
    with transaction.atomic():
        arrival = replace(arrival, release=save_imagined(arrival.release))
        delivery = keep_delivery(claim, arrival, verdict, intake)
        report = check_report(delivery, read=intake is not None, as_if=as_if)
        transaction.set_rollback(True)
    finish_job(claim, result={"report": report})
