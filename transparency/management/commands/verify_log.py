"""`manage.py verify_log`: compute the log again from the rows and compare tiles, entries and checkpoint with it."""

from __future__ import annotations

from typing import Any

from transparency.management.output import PortalCommand
from transparency.services.verify_log import verify_log


class Command(PortalCommand):
    help = (
        "Compare every public file of the log with what the rows say it must be. Exit 1 names the first that differs."
    )

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:  # noqa: ARG002 - the base's signature
        return 0, verify_log(progress=self.progress)
