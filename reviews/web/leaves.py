"""What leaves this room: for those who may know of a restricted release, the exact bytes that the public gets of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.web.leaving import leaving_entries, shape_of
from transparency.models import Delivery
from transparency.permissions import Right, may
from transparency.queries import log_head
from transparency.web.access import release_or_404
from transparency.web.caching import kept_as

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_required
@require_safe
def leaves(request: HttpRequest, product: str, version: str) -> HttpResponse:
    """404 for an open release as well: nothing of it is kept inside."""
    row = release_or_404(request, product, version)
    if not row.product.is_restricted:
        raise Http404
    head = log_head()
    waiting = row.deliveries.filter(state=Delivery.State.QUARANTINED)
    entries = leaving_entries(row)
    context = {
        "release": row,
        "product": row.product,
        "published": [entry for entry in entries if entry.index is not None and entry.index < head.size],
        "pending": [entry for entry in entries if entry.index is None or entry.index >= head.size],
        "quarantined": [each for each in waiting if may(request.user, Right.SEE_QUARANTINE, each)],
        "head": head,
        "checkpoint": bytes(head.checkpoint).decode(),
        "next_attestation": shape_of("attestation"),
    }
    return kept_as(render(request, "reviews/leaves.html", context), row.product)
