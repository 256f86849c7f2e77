"""The dry run of a git repository: checked, judged and read like an import, whatever the verdict. Only its report remains."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import transaction

from transparency.gateways.sandbox import Meter
from transparency.reports import check_report
from transparency.services.claim_job import finish_job
from transparency.services.imagine_release import save_imagined
from transparency.services.import_git import judge_and_read_git, keep_git
from transparency.services.judge_files import not_enrolled

if TYPE_CHECKING:
    from transparency.services.claim_job import Claim


def check_git(claim: Claim) -> None:
    """The same as the import in everything, but what it would have kept is rolled back."""
    outcome = judge_and_read_git(claim, Meter(), dry_run=True)
    as_if = not_enrolled(outcome.arrival.release.product, outcome.arrival.as_if)
    with transaction.atomic():
        outcome = replace(outcome, arrival=replace(outcome.arrival, release=save_imagined(outcome.arrival.release)))
        delivery = keep_git(claim, outcome)
        report = check_report(delivery, read=outcome.intake is not None, as_if=as_if)
        transaction.set_rollback(True)
    finish_job(claim, result={"report": report})
