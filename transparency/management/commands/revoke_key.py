"""`manage.py revoke_key`: take back a key that counts for all products of a vendor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transparency.errors import UnusableInputError
from transparency.management.output import PortalCommand, printable
from transparency.models import Organisation, TrustAnchor
from transparency.queries import products_signed_by, vendor_anchors
from transparency.services.revoke_anchor import revoke_anchor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser


class Command(PortalCommand):
    help = (
        "Revoke a key that counts for all products of a vendor. Its row stays, a later keyring does not bring it back, and the "
        "revocation is an event in the log. What it signed keeps its verdict until `reverify` checks it again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("fingerprint", help="of the whole key, as pages show it; spaces do not matter")
        parser.add_argument("--vendor", required=True, metavar="SLUG")
        parser.add_argument("--reason", required=True, metavar="TEXT", help="kept, shown and logged; name no people")
        parser.add_argument("--kind", required=True, metavar="KIND", help=", ".join(TrustAnchor.Revocation.values))

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        vendor = Organisation.objects.filter(slug=options["vendor"], kind=Organisation.Kind.VENDOR).first()
        if vendor is None:
            raise UnusableInputError("vendor-unknown", expected="a vendor of this centre", found=options["vendor"][:80])
        wanted = options["fingerprint"].replace(" ", "")
        anchor = vendor_anchors(vendor).filter(fingerprint__in=(wanted, wanted.upper())).first()
        if anchor is None:
            raise UnusableInputError(
                "key-unknown",
                expected=f"the fingerprint of a key for all products of {vendor.slug}",
                found=wanted[:200],
            )
        row = revoke_anchor(anchor=anchor, revocation=options["kind"], reason=options["reason"], by=None)
        return 0, {
            "vendor": vendor.slug,
            "key": row.fingerprint,
            "kind": row.revocation,
            "reason": row.revocation_reason,
            "products": [product.slug for product in products_signed_by(row)],
        }

    def show(self, answer: Mapping[str, Any]) -> None:
        super().show({key: value for key, value in answer.items() if key != "products"})
        for slug in answer["products"]:
            self.stdout.write(
                f"it signed deliveries of {printable(slug)}: manage.py reverify --product {printable(slug)}"
            )
