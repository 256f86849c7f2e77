"""One product with its releases and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_safe

from transparency.permissions import Right, may, may_end_grants
from transparency.web.access import product_or_404
from transparency.web.anchors import organisation_anchors
from transparency.web.caching import kept_as

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    row = product_or_404(request, slug)
    releases = [release for release in row.releases.select_related("subject") if may(request.user, Right.KNOW, release)]
    context = {
        "product": row,
        "releases": releases,
        "anchors": row.anchors.order_by("revoked_at", "enrolled_at"),
        "shared_count": organisation_anchors(row).count(),
        "may_deliver": may(request.user, Right.DELIVER, row),
        "may_end_grants": may_end_grants(request.user, row),
    }
    return kept_as(render(request, "transparency/product.html", context), row)
