"""`manage.py build_dossier`: what a stranger needs to check a release, in one zip (DESIGN section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reviews.management.output_files import PRIVATE_MODE, PUBLIC_MODE, write_out
from reviews.services.build_dossier import build_dossier
from transparency.errors import UnusableInputError
from transparency.management.output import PortalCommand
from transparency.proofs.digest import Digest
from transparency.proofs.dossier import parse_dossier
from transparency.queries import find_release

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(PortalCommand):
    help = "Write the dossier of a release: public for an open product, restricted for a restricted one."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--product", required=True, metavar="SLUG")
        parser.add_argument("--release", required=True, metavar="VERSION")
        parser.add_argument("--out", required=True, metavar="FILE")

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        release = find_release(options["product"], options["release"])
        if release is None:
            found = f"{options['product']} {options['release']}"
            raise UnusableInputError("release-unknown", expected="a release of this installation", found=found)
        data = build_dossier(release=release)
        dossier = parse_dossier(data)  # what its readers would refuse is not written
        restricted = release.product.is_restricted
        target = write_out(options["out"], data, mode=PRIVATE_MODE if restricted else PUBLIC_MODE)
        if restricted:
            self.stderr.write(
                "restricted: this file names every file of the source; give it to nobody who may not know them"
            )
        return 0, {
            "out": str(target),
            "sha256": Digest.of(data).hex,
            "bytes": len(data),
            "visibility": dossier.index.visibility,
            "product": dossier.index.product,
            "release": dossier.index.release,
            "subject": dossier.index.subject.hex,
            "deliveries": len(dossier.parts.deliveries),
            "builds": len(dossier.parts.builds),
            "attestations": len(dossier.parts.attestations),
        }
