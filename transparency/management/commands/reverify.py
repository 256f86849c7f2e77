"""`manage.py reverify`: judge every delivery and checksum list of a product anew, with the keys as they are enrolled now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from transparency.errors import EvidenceError, UnusableInputError
from transparency.management.imports import follow_job
from transparency.management.output import EXIT_REFUSED, PortalCommand, printable
from transparency.models import Job, Product
from transparency.services.reverify_product import request_reverification

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser


class Command(PortalCommand):
    help = (
        "Check all deliveries of a product again. A verdict that changes is an event in the log; exit 1 when one could "
        "not be decided now."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--product", required=True, metavar="SLUG")

    def perform(self, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        product = Product.objects.filter(slug=options["product"]).first()
        if product is None:
            raise UnusableInputError(
                "product-unknown", expected="a product of this centre", found=options["product"][:80]
            )
        job = follow_job(self, request_reverification(product=product, by=None, send=False))
        if job.state != Job.State.DONE:
            error = job.error or {"code": "cancelled"}
            raise EvidenceError(error["code"], expected=error.get("expected", ""), found=error.get("found", ""))
        result = job.result or {}
        for item in result["changed"]:
            if "job" in item:
                follow_job(self, Job.objects.get(pk=UUID(item["job"])))
        code = EXIT_REFUSED if result["unjudged"] else 0
        return code, {"product": product.slug, **result, "job": str(job.pk)}

    def show(self, answer: Mapping[str, Any]) -> None:
        self.stdout.write(f"{answer['judged']} judged, {len(answer['changed'])} changed")
        for item in answer["changed"]:
            self.stdout.write(f"{printable(item['name'])}: {item['before']} became {item['after']}")
        for item in answer["unjudged"]:
            self.stdout.write(f"{printable(item['name'])}: could not be decided now ({item['code']})")
