"""`manage.py restore DIR`: make an installation out of a backup, in an empty data folder (DESIGN section 7)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from transparency.management.imports import add_published_argument, read_published
from transparency.management.output import PortalCommand
from transparency.services.restore_backup import restore_backup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser

WARNING = (
    "nobody compared this log with what was published last: if a checkpoint of more than {size} entries is known anywhere, "
    "do not go on with it (manage.py verify_log --published FILE)"
)


class Command(PortalCommand):
    help = "Restore a backup into an empty data folder (TRANSPARENCY_HOME), every file and the log compared. Never over an installation."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("folder", metavar="DIR")
        add_published_argument(parser, told="the newest checkpoint that anybody has: the restored log must contain it")

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        published = read_published(options)
        answer = restore_backup(folder=Path(options["folder"]), published=published, progress=self.progress)
        warnings = [] if published else [WARNING.format(size=answer["log"]["size"])]
        for warning in warnings:
            self.stderr.write(f"warning: {warning}")
        return 0, {**answer, "warnings": warnings}

    def show(self, answer: Mapping[str, Any]) -> None:
        """The warning was printed already."""
        log = answer["log"]
        super().show(
            {"home": answer["home"], "files": answer["files"], "as of": answer["time"], "log": f"{log['size']} entries"}
        )
