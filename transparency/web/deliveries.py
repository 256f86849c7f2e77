"""Verdict pages: one delivery, one import of builds, and what lies in quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_GET

from transparency.models import Delivery
from transparency.permissions import Right, may
from transparency.reports import delivery_steps, signature_steps
from transparency.web.access import builds_or_404, delivery_or_404

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_GET
def delivery(request: HttpRequest, identity: int) -> HttpResponse:
    row = delivery_or_404(request, identity)
    context = {
        "delivery": row,
        "release": row.release,
        "steps": delivery_steps(row),
        "signatures": row.signatures.all(),
    }
    return render(request, "transparency/delivery.html", context)


@require_GET
def builds(request: HttpRequest, identity: int) -> HttpResponse:
    row = builds_or_404(request, identity)
    context = {
        "builds": row,
        "release": row.release,
        "artifacts": row.artifacts.all(),
        "steps": signature_steps(row.signatures.all()),
    }
    return render(request, "transparency/builds.html", context)


@login_required
@require_GET
def quarantine(request: HttpRequest) -> HttpResponse:
    rows = Delivery.objects.filter(state=Delivery.State.QUARANTINED).select_related("release__product__vendor")
    seen = [row for row in rows.order_by("-created_at") if may(request.user, Right.SEE_QUARANTINE, row)]
    return render(request, "transparency/quarantine.html", {"deliveries": seen})
