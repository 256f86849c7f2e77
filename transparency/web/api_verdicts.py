"""Deliveries with every step of what was checked about them, for machines."""

from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest
from django.urls import reverse
from ninja import Query, Router

from transparency import models
from transparency.permissions import Right
from transparency.queries import log_head
from transparency.reports import delivery_steps
from transparency.web.api_access import Caller, caller_of, known_release
from transparency.web.api_doors import as_of, logged, page_of, reads
from transparency.web.api_products import subject_shape
from transparency.web.api_shapes import (
    AfterNumber,
    Archive,
    DeliveriesAnswer,
    Delivery,
    DeliveryAnswer,
    Finding,
    Logged,
    Package,
    Step,
    Verdict,
)
from transparency.web.members import told, told_package

if TYPE_CHECKING:
    from django.db.models import QuerySet

router = Router()
_TAG = "verdicts"
MOST_FINDINGS = 200  # of a kind: an archive of a malicious kind has ten thousand of them


@reads(router, "/products/{slug:slug}/releases/{version}/deliveries", DeliveriesAnswer, tag=_TAG)
def deliveries(request: HttpRequest, slug: str, version: str, page: Query[AfterNumber]) -> DeliveriesAnswer:
    """The deliveries of a release, oldest first. Those in quarantine only for a token of sender, vendor or operator."""
    release, caller, head = known_release(request, slug, version), caller_of(request), log_head()
    rows = _rows().filter(release=release, pk__gt=page.after or 0).order_by("pk")
    shown, following = page_of(
        rows,
        limit=page.limit,
        place=reverse("api-v1:deliveries", args=[slug, version]),
        after=lambda row: row.pk,
        seen=lambda row: caller.may(Right.KNOW, row),
    )
    places = logged("delivery", (row.record_digest for row in shown), head)
    told = [delivery_shape(row, caller, places.get(row.record_digest)) for row in shown]
    return DeliveriesAnswer(as_of=as_of(head), deliveries=told, next=following)


@reads(router, "/deliveries/{int:identity}", DeliveryAnswer, tag=_TAG)
def delivery(request: HttpRequest, identity: int) -> DeliveryAnswer:
    """One delivery: its verdict, the steps that led there, and what its members are flagged for."""
    row, caller, head = _rows().filter(pk=identity).first(), caller_of(request), log_head()
    if row is None or not caller.may(Right.KNOW, row):
        raise Http404
    place = logged("delivery", [row.record_digest], head).get(row.record_digest)
    return DeliveryAnswer(as_of=as_of(head), delivery=delivery_shape(row, caller, place))


def delivery_shape(row: models.Delivery, caller: Caller, place: Logged | None) -> Delivery:
    person = caller.person_for(row.release.product)
    refused, flagged = told(person, row, row.refused), told(person, row, row.flagged)
    counted = len(refused) + len(flagged)
    return Delivery(
        id=row.pk,
        product=row.release.product.slug,
        release=row.release.version,
        role=row.role,
        state=row.state,
        archive=Archive(
            name=row.archive_name,
            size=row.archive_size,
            sha256=row.archive_sha256,
            sha512=row.archive_sha512,
            blake2b512=row.archive_blake2b512,
        ),
        subject=subject_shape(row.snapshot) if row.snapshot else None,
        is_subject=row.snapshot_id is not None and row.snapshot_id == row.release.subject_id,
        swhid=row.swhid if row.snapshot else None,
        package=Package(**package) if (package := told_package(person, row)) else None,
        verdict=Verdict(outcome=row.verdict, code=row.verdict_code, policy=row.policy),
        steps=[Step(**step) for step in delivery_steps(row)],
        refused=_findings(refused),
        flagged=_findings(flagged),
        more=max(len(refused) - MOST_FINDINGS, 0) + max(len(flagged) - MOST_FINDINGS, 0),
        untold=len(row.refused) + len(row.flagged) - counted,
        logged=place,
        created_at=row.created_at,
        page=reverse("delivery", args=[row.pk]),
    )


def _rows() -> "QuerySet[models.Delivery]":
    return models.Delivery.objects.select_related("release__product__vendor", "snapshot", "job")


def _findings(findings: list[dict[str, str]]) -> list[Finding]:
    shown = findings[:MOST_FINDINGS]
    return [Finding(path=item["path"], rule=item["rule"], detail=item.get("detail", "")) for item in shown]
