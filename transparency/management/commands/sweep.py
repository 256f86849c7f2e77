"""`manage.py sweep`: in production, what the embedded supervisor does between its other duties."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, close_old_connections

from transparency.errors import UnavailableError
from transparency.services.publish_log import publish_leftovers
from transparency.services.sweep_jobs import sweep_jobs
from transparency.services.sweep_objects import sweep_objects
from transparency.services.sweep_sessions import sweep_sessions

UPKEEP_SECONDS = 3600.0
_logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Send stale jobs again, publish pending log entries, now and then remove leftovers; with --once a single time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        next_upkeep = 0.0
        while True:
            try:
                close_old_connections()
                sweep_jobs()
                publish_leftovers()
                if time.monotonic() >= next_upkeep:
                    next_upkeep = time.monotonic() + UPKEEP_SECONDS
                    sweep_objects()
                    sweep_sessions()
            except (UnavailableError, OperationalError) as error:
                _logger.warning("sweep: %s", error)
            if options["once"]:
                return
            time.sleep(settings.JOB_SWEEP_SECONDS)
