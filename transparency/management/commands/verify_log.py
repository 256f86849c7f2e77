"""`manage.py verify_log`: compute the log again from the rows and compare tiles, entries and checkpoint with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transparency.errors import EvidenceError, UnavailableError
from transparency.management.imports import add_published_argument, read_published
from transparency.management.output import PortalCommand
from transparency.services.claim_job import error_data
from transparency.services.record_upkeep import record_upkeep
from transparency.services.verify_log import verify_log

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(PortalCommand):
    help = (
        "Compare every public file of the log with what the rows say it must be. Exit 1 names the first that differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_published_argument(parser, told="a checkpoint that somebody else kept: the log must contain it")

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The result is kept for the operator's page, a bad one as well."""
        published = read_published(options)
        try:
            answer = verify_log(progress=self.progress, published=published)
        except (EvidenceError, UnavailableError) as error:
            record_upkeep("verify-log", {"error": error_data(error)})
            raise
        record_upkeep("verify-log", {"size": answer["size"], "root": answer["root"]})
        return 0, answer
