"""The list of products that one may know of, and one product with its releases and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_safe

from transparency.models import Product
from transparency.permissions import Right, known_products, may, may_end_grants
from transparency.web.access import product_or_404
from transparency.web.anchors import organisation_anchors
from transparency.web.caching import NEVER, kept_as
from transparency.web.new_product import may_enter_any

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe
def products(request: HttpRequest) -> HttpResponse:
    rows = Product.objects.filter(known_products(request.user)).select_related("vendor")
    response = render(
        request,
        "transparency/products.html",
        {"products": rows.order_by("slug"), "may_enter": may_enter_any(request.user)},
    )
    if request.user.is_authenticated:  # the list may name restricted ones
        response.headers["Cache-Control"] = NEVER
    return response


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
