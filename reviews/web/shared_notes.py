"""Lists of threads: what auditors published about a release, and what a product's vendor is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.note_rights import is_of_vendor
from reviews.permissions import authority_of
from reviews.threads import public_threads, questions_of
from reviews.web.access import Readable
from reviews.web.threads import shown_threads
from transparency.web.access import product_or_404, refuse, release_or_404
from transparency.web.caching import kept_as

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

A_PAGE = 50


@require_safe
def release_notes(request: HttpRequest, product: str, version: str) -> HttpResponse:
    """Public for an open product; a restricted one has none, whoever asks."""
    release = release_or_404(request, product, version)
    threads = shown_threads(public_threads(asked_by=request.user, release=release), request.user, closed=True)
    page = Paginator(threads, A_PAGE).get_page(request.GET.get("page"))
    context = {"release": release, "page": page, "may_read": Readable(request.user, release).whole}
    return kept_as(render(request, "reviews/release_notes.html", context), release.product)


@login_required
@require_safe
def questions(request: HttpRequest, slug: str) -> HttpResponse:
    """For the vendor, and for authorities their own: threads that the vendor may read and answer."""
    product = product_or_404(request, slug)
    of_vendor = is_of_vendor(request.user, product)
    if not of_vendor and authority_of(request.user) is None:
        refuse(
            "Questions are between auditors and the vendor. What auditors publish stands on the page of each release."
        )
    threads = shown_threads(questions_of(asked_by=request.user, product=product), request.user)
    page = Paginator(threads, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "product": product,
        "page": page,
        "of_vendor": of_vendor,
        "open": sum(not thread.settled for thread in threads),
        "all": len(threads),
    }
    return kept_as(render(request, "reviews/questions.html", context), product)
