"""`manage.py backup DIR`: copy the installation of the embedded size while it works (DESIGN section 7)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from transparency.management.output import PortalCommand
from transparency.services.back_up import back_up

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser


class Command(PortalCommand):
    help = (
        "Copy database, log, keys and objects into an empty folder, consistent while imports run. "
        "It holds the log's key: keep it secret."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("folder", metavar="DIR", help="a new or empty folder, outside the data folder")

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return 0, back_up(folder=Path(options["folder"]), progress=self.progress)

    def show(self, answer: Mapping[str, Any]) -> None:
        """The log as two lines; where the copy can be checked."""
        log = answer["log"]
        super().show(
            {
                "folder": answer["folder"],
                "files": f"{answer['files']}, {answer['bytes']} bytes",
                "log": f"{log['size']} entries, root {log['root']}",
                "check it": "sha256sum -c SHA256SUMS",
                "keep it secret": "it holds the key that signs the log, and all source",
            }
        )
