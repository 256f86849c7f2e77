"""`manage.py export_trust`: this installation's enrolments as a trust file (DESIGN section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reviews.management.output_files import write_out
from reviews.services.export_trust import export_trust
from transparency.management.output import PortalCommand
from transparency.proofs.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser


class Command(PortalCommand):
    help = "Write the log's key and all enrolled keys of vendors and authorities as a trust file. Compare it by another channel."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--out", required=True, metavar="FILE")
        parser.add_argument(
            "--open-only", action="store_true", help="leave out keys that are enrolled for restricted products alone"
        )

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        trust = export_trust(open_only=options["open_only"])
        target = write_out(options["out"], trust.data)
        for warning in trust.warnings:
            self.stderr.write(f"warning: {warning}")
        for fingerprint in trust.fingerprints:
            self.stderr.write(f"  {fingerprint}")
        return 0, {
            "out": str(target),
            "sha256": Digest.of(trust.data).hex,
            "fingerprints": list(trust.fingerprints),
            "warnings": list(trust.warnings),
        }

    def show(self, answer: Mapping[str, Any]) -> None:
        """The fingerprints were printed beside the warning."""
        super().show({key: answer[key] for key in ("out", "sha256")})
