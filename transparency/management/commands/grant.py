"""`manage.py grant`: let an authority's people review a product, or one release of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transparency.errors import UnusableInputError
from transparency.management.output import PortalCommand
from transparency.models import Organisation, Product
from transparency.permissions import Right
from transparency.services.grant_rights import grant_rights

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(PortalCommand):
    help = "Give an organisation a right on a product or release. Without one, nobody but the vendor reads a restricted product."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--organisation", required=True, metavar="SLUG")
        parser.add_argument("--product", required=True, metavar="SLUG")
        parser.add_argument("--release", metavar="VERSION", help="default: every release")
        parser.add_argument("--right", action="append", default=[], help="default: review (read, note, mark, attest)")

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        organisation = Organisation.objects.filter(slug=options["organisation"]).first()
        product = Product.objects.filter(slug=options["product"]).first()
        release = (
            product.releases.filter(version=options["release"]).first() if product and options["release"] else None
        )
        if organisation is None or product is None or (options["release"] and release is None):
            found = " ".join(filter(None, (options["organisation"], options["product"], options["release"])))
            raise UnusableInputError(
                "release-unknown", expected="an organisation, product and release of here", found=found
            )
        grant = grant_rights(
            organisation=organisation,
            product=product,
            release=release,
            rights=options["right"] or [Right.REVIEW.value],
            granted_by=None,
        )
        return 0, {"organisation": organisation.slug, "product": product.slug, "rights": grant.rights}
