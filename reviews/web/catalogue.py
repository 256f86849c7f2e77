"""The list of releases that one may know of: whose, which version, since when, and where each stands, in words; newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.db.models import Count, F, Q
from django.shortcuts import render
from django.views.decorators.http import require_safe

from transparency.models import Delivery, Product, Release
from transparency.permissions import Right, known_products, known_releases, may
from transparency.queries import log_head
from transparency.web.caching import NEVER
from transparency.web.new_product import may_enter_any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from transparency.permissions import Someone

RELEASES_A_PAGE = 25
MAX_ASKED = 100


@dataclass(frozen=True, slots=True)
class ListedRelease:
    """`newer`: the newest release of the product that came in after this one. `statements` are about its subject."""

    release: Release
    newer: Release | None
    statements: int

    @property
    def withdrawn(self) -> bool:
        return self.release.subject_id is None


@require_safe
def products(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("q", "").replace("\0", "").strip()[:MAX_ASKED]
    page = Paginator(_found(request.user, asked), RELEASES_A_PAGE).get_page(request.GET.get("page"))
    known = Product.objects.filter(known_products(request.user)).select_related("vendor").order_by("slug")
    context = {
        "q": asked,
        "page": page,
        "listed": listed(page, request.user),
        "products": known if request.user.is_authenticated else (),
        "may_enter": may_enter_any(request.user),
        "head": log_head(),
    }
    response = render(request, "reviews/products.html", context)
    if request.user.is_authenticated:  # the list may name restricted ones
        response.headers["Cache-Control"] = NEVER
    return response


def releases_known_to(someone: Someone) -> QuerySet[Release]:
    """Newest first: those with a source that stands, and those whose source was withdrawn. Quarantine alone shows nothing."""
    withdrawn = Release.objects.filter(deliveries__state=Delivery.State.WITHDRAWN).values("pk")
    rows = Release.objects.filter(Q(subject__isnull=False) | Q(pk__in=withdrawn))
    rows = rows.filter(known_releases(someone))
    return rows.select_related("product__vendor", "subject").order_by("-created_at", "-pk")


def successor_of(release: Release, someone: Someone) -> Release | None:
    """The newest release of the product that came in after this one, and that one may know of."""
    return _successor(release, _standing({release.product_id}).filter(created_at__gt=release.created_at), someone)


def listed(rows: Iterable[Release], someone: Someone) -> list[ListedRelease]:
    """What the list says of each."""
    releases = list(rows)
    stands = Q(attestations__statement__snapshot=F("subject"))
    counted = Release.objects.filter(pk__in=[row.pk for row in releases]).annotate(
        stated=Count("attestations", filter=stands)
    )
    stated = dict(counted.values_list("pk", "stated"))
    newest: dict[int, list[Release]] = {}
    for row in _standing({row.product_id for row in releases}):
        newest.setdefault(row.product_id, []).append(row)
    return [
        ListedRelease(row, _successor(row, newest.get(row.product_id, ()), someone), stated[row.pk]) for row in releases
    ]


def _standing(products: Collection[int]) -> QuerySet[Release]:
    """The releases of these products that have a source, newest first."""
    rows = Release.objects.filter(product__in=products, subject__isnull=False)
    return rows.select_related("product").order_by("-created_at", "-pk")


def _successor(release: Release, newest_first: Iterable[Release], someone: Someone) -> Release | None:
    later = (row for row in newest_first if row.created_at > release.created_at)
    return next((row for row in later if may(someone, Right.KNOW, row)), None)


def _found(someone: Someone, asked: str) -> QuerySet[Release]:
    """By a part of the product's name, of the vendor's, or of the version."""
    rows = releases_known_to(someone)
    if not asked:
        return rows
    named = Q(product__name__icontains=asked) | Q(product__slug__icontains=asked)
    return rows.filter(named | Q(product__vendor__name__icontains=asked) | Q(version__icontains=asked))
