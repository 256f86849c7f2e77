"""`manage.py grant`: let an authority's people, or one person, review a product, one release of it, or read a folder of it."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date
from typing import TYPE_CHECKING, Any

from transparency.errors import UnusableInputError
from transparency.management.output import PortalCommand
from transparency.models import Organisation, Person, Product
from transparency.permissions import Right
from transparency.proofs.times import day_begins, day_ends
from transparency.services.grant_rights import grant_rights

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(PortalCommand):
    help = (
        "Give an organisation or a person a right on a product or release. Without one, nobody but the vendor reads a restricted product: "
        "give one there only when its vendor asked for it. Vendors give rights themselves on the product's page."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        holder = parser.add_mutually_exclusive_group(required=True)
        holder.add_argument("--organisation", metavar="SLUG")
        holder.add_argument("--person", metavar="NAME", help="the sign-in name of one person, who alone has the right")
        parser.add_argument("--product", required=True, metavar="SLUG")
        parser.add_argument("--release", metavar="VERSION", help="default: every release")
        parser.add_argument(
            "--folder",
            default="",
            metavar="PATH",
            help="reading and downloading only: there and below, as manifests write it",
        )
        parser.add_argument("--from", dest="first_day", type=_day, metavar="YYYY-MM-DD", help="default: at once")
        parser.add_argument(
            "--until", dest="last_day", type=_day, metavar="YYYY-MM-DD", help="the last whole day, UTC; default: no end"
        )
        parser.add_argument("--right", action="append", default=[], help="default: review (read, note, mark, attest)")

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        organisation = Organisation.objects.filter(slug=options["organisation"] or "").first()
        person = Person.objects.filter(username=options["person"] or "", organisation__isnull=False).first()
        product = Product.objects.filter(slug=options["product"]).first()
        release = (
            product.releases.filter(version=options["release"]).first() if product and options["release"] else None
        )
        holder = organisation or person
        if holder is None or product is None or (options["release"] and release is None):
            names = (options["organisation"], options["person"], options["product"], options["release"])
            raise UnusableInputError(
                "release-unknown",
                expected="an organisation or person, product and release of here",
                found=" ".join(filter(None, names)),
            )
        start, end = options["first_day"], options["last_day"]
        grant = grant_rights(
            organisation=organisation,
            person=person,
            product=product,
            release=release,
            folder=options["folder"],
            rights=options["right"] or [Right.REVIEW.value],
            granted_by=None,
            valid_from=day_begins(start) if start else None,
            valid_until=day_ends(end) if end else None,
        )
        whom = {"organisation": organisation.slug} if organisation else {"person": options["person"]}
        return 0, {**whom, "product": product.slug, "rights": grant.rights}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"not a day: {text}") from error
