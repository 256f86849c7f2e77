"""The page of a release, public for open products, and its dossier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.services.build_dossier import build_dossier
from reviews.web.access import own_engagement
from reviews.web.chain import chain_of, shown
from transparency.permissions import Right, may
from transparency.queries import admitted_deliveries, installation
from transparency.web.access import release_or_404

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_safe
def release(request: HttpRequest, product: str, version: str) -> HttpResponse:
    row = release_or_404(request, product, version)
    report = chain_of(row) if row.subject else None
    context = {
        "release": row,
        "product": row.product,
        "report": report,
        "links": [shown(link) for link in report.links if link.name not in {"index", "manifest"}] if report else [],
        "reviews": [review for review in report.reviews if review.is_counted] if report else [],
        "deliveries": admitted_deliveries(row),
        "builds": row.build_lists.prefetch_related("artifacts"),
        "may_read": may(request.user, Right.READ_SOURCE, row),
        "engagement": own_engagement(request, row),
        "installation": installation(),
    }
    response = render(request, "reviews/release.html", context)
    response.headers["Cache-Control"] = "no-store" if row.product.is_restricted else "no-cache"
    return response


@require_safe
def dossier(request: HttpRequest, product: str, version: str) -> HttpResponse:
    """Public for an open product. A restricted one's names every file: only for those who may download its source."""
    row = release_or_404(request, product, version)
    if row.product.is_restricted:
        row = release_or_404(request, product, version, Right.DOWNLOAD_SOURCE)
    data = build_dossier(release=row)
    name = f"{row.product.slug}-{row.version}.dossier.zip"
    response = HttpResponse(data, content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store" if row.product.is_restricted else "no-cache"
    return response
