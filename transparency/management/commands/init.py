"""`manage.py init`: give the installation its identity, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transparency.management.output import PortalCommand
from transparency.services.initialise import initialise

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(PortalCommand):
    help = "Make the log key and fix the origin of the log and of signatures. Repeating it changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--origin", required=True, help="the log's origin: its URL prefix without scheme")
        parser.add_argument("--name", default="Transparency Centre", help="what people call this centre")

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        row = initialise(origin=options["origin"], name=options["name"])
        return 0, {"origin": row.origin, "vkey": row.vkey, "namespace": row.attestation_namespace}
