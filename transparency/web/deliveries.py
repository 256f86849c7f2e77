"""Verdict pages: one delivery, one import of builds, and what lies in quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from transparency.models import Delivery, LogEntry
from transparency.permissions import Right, may
from transparency.reports import delivery_steps, signature_steps
from transparency.web.access import builds_or_404, delivery_or_404
from transparency.web.caching import kept_as

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

Finding = dict[str, Any]


@require_safe
def delivery(request: HttpRequest, identity: int) -> HttpResponse:
    row = delivery_or_404(request, identity)
    flagged = _told(request, row, row.flagged)
    context = {
        "delivery": row,
        "release": row.release,
        "steps": delivery_steps(row),
        "signatures": row.signatures.all(),
        "quarantined": row.state == Delivery.State.QUARANTINED,
        "flagged": flagged,
        "untold": len(row.flagged) - len(flagged),
        "entry": _entry("delivery", row.record_digest),
        "may_see_job": may(request.user, Right.DELIVER, row.release),
    }
    return kept_as(render(request, "transparency/delivery.html", context), row.release.product)


@require_safe
def builds(request: HttpRequest, identity: int) -> HttpResponse:
    row = builds_or_404(request, identity)
    signatures = row.signatures.all()
    context = {
        "builds": row,
        "release": row.release,
        "artifacts": row.artifacts.all(),
        "steps": signature_steps(signatures),
        "signatures": signatures,
        "entry": _entry("builds", row.record_digest),
    }
    return kept_as(render(request, "transparency/builds.html", context), row.release.product)


@login_required
@never_cache
@require_safe
def quarantine(request: HttpRequest) -> HttpResponse:
    rows = Delivery.objects.filter(state=Delivery.State.QUARANTINED).select_related("release__product__vendor")
    seen = [row for row in rows.order_by("-created_at") if may(request.user, Right.SEE_QUARANTINE, row)]
    return render(request, "transparency/quarantine.html", {"deliveries": seen})


def _told(request: HttpRequest, row: Delivery, findings: list[Finding]) -> list[Finding]:
    """Findings name paths: those of a restricted source are for people who may read it there, or who handle its quarantine."""
    open_paths = not row.release.product.is_restricted or row.state == Delivery.State.QUARANTINED
    return [
        finding
        for finding in findings
        if open_paths or may(request.user, Right.READ_SOURCE, row.release, path=finding["path"])
    ]


def _entry(kind: str, digest: str) -> LogEntry | None:
    """Where the record is logged; None while it waits for its place, or when nothing of it was logged."""
    return LogEntry.objects.filter(kind=kind, digest=digest, index__isnull=False).first() if digest else None
