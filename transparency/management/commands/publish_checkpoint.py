"""`manage.py publish_checkpoint`: publish what is pending now, and print the newest checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transparency.management.output import PortalCommand
from transparency.services.publish_log import publish_log

if TYPE_CHECKING:
    from collections.abc import Mapping


class Command(PortalCommand):
    help = "Publish pending log entries now. Repeating it changes nothing."

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:  # noqa: ARG002 - the base's signature
        head = publish_log()
        return 0, {"size": head.size, "root": head.root, "checkpoint": bytes(head.checkpoint).decode()}

    def show(self, answer: Mapping[str, Any]) -> None:
        self.stdout.write(answer["checkpoint"], ending="")
