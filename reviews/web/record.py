"""The record of a release: one dated page for a file or a folder of paper, with what it takes to check it later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.web.public_view import also_as_public
from reviews.web.releases import release_facts
from transparency.models import Artifact
from transparency.web.access import release_or_404
from transparency.web.caching import kept_as

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

SHOWN = 2  # of each kind; the rest is counted and stands in the dossier, so that the record stays one page


@require_safe
@also_as_public
def record(request: HttpRequest, product: str, version: str) -> HttpResponse:
    row = release_or_404(request, product, version)
    facts = release_facts(request, row)
    artifacts = Artifact.objects.filter(build_list__release=row).exclude(sha256="").order_by("build_list", "name")
    reviews = facts.get("reviews", [])
    context = {
        **facts,
        "address": request.build_absolute_uri(request.path.removesuffix("record/")),
        "artifacts": artifacts[:SHOWN],
        "more_artifacts": max(0, artifacts.count() - SHOWN),
        "sources": facts["deliveries"][:SHOWN],
        "more_sources": max(0, len(facts["deliveries"]) - SHOWN),
        "newest_events": facts["events"][-SHOWN:],
        "stated": reviews[:SHOWN],
        "more_stated": max(0, len(reviews) - SHOWN),
    }
    response = render(request, "reviews/record.html", context, status=503 if context.get("unavailable") else 200)
    return kept_as(response, row.product)
