"""The page of a release, public for open products, and its dossier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.queries import release_report
from reviews.services.build_dossier import build_dossier
from reviews.web.access import Readable, own_engagement
from reviews.web.chain import shown_links, shown_reviews, unchecked
from reviews.web.delivered import delivered
from transparency.errors import UnavailableError, sentence_for
from transparency.permissions import Right, may
from transparency.queries import installation
from transparency.web.access import release_or_404
from transparency.web.caching import kept_as
from transparency.web.deliveries import dossier_right

if TYPE_CHECKING:
    from django.http import HttpRequest

    from transparency.models import Release


@require_safe
def release(request: HttpRequest, product: str, version: str) -> HttpResponse:
    row = release_or_404(request, product, version)
    context = {
        "release": row,
        "product": row.product,
        **delivered(row),
        "builds": row.build_lists.prefetch_related("artifacts"),
        "may_read": bool(row.subject) and Readable(request.user, row).folder(""),
        "may_review": may(request.user, Right.REVIEW, row),
        "may_deliver": may(request.user, Right.DELIVER, row.product),
        "may_have_dossier": may(request.user, dossier_right(row), row),
        "engagement": own_engagement(request.user, row),
        "installation": installation(),
        "dossier_name": _dossier_name(row),
    }
    context |= _chain(request, row) if row.subject else {}
    response = render(request, "reviews/release.html", context, status=503 if context.get("unavailable") else 200)
    return kept_as(response, row.product)


@require_safe
def dossier(request: HttpRequest, product: str, version: str) -> HttpResponse:
    """Public for an open product. A restricted one's names every file: only for those who may download its source."""
    row = release_or_404(request, product, version)
    row = release_or_404(request, product, version, dossier_right(row))
    if row.subject is None:
        raise Http404
    response = HttpResponse(build_dossier(release=row), content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{_dossier_name(row)}"'
    return kept_as(response, row.product)


def _dossier_name(row: Release) -> str:
    return f"{row.product.slug}-{row.version}.dossier.zip"


def _chain(request: HttpRequest, row: Release) -> dict[str, Any]:
    """The links, or why they could not be looked at now: nothing is ever shown as proved because a check was impossible."""
    try:
        report = release_report(asked_by=request.user, release=row)
    except UnavailableError as error:
        return {"unavailable": sentence_for(error.code), "error": error}
    reviews = shown_reviews(report, asked_by=request.user, release=row)
    return {
        "report": report,
        "links": shown_links(report),
        "reviews": reviews,
        "machines_found": reviews[-1].said.machines_found if reviews else "",
        "unchecked": unchecked(report, row),
    }
