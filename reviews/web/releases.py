"""The page of a release, public for open products, and its dossier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.queries import release_report
from reviews.services.build_dossier import build_dossier
from reviews.web.access import Readable, own_engagement
from reviews.web.answer import answer_of
from reviews.web.by_hand import archive_checks, dossier_checks
from reviews.web.catalogue import successor_of
from reviews.web.chain import shown_links, shown_reviews, unchecked
from reviews.web.delivered import delivered
from reviews.web.own_file import own_file
from reviews.web.public_view import also_as_public
from transparency.errors import UnavailableError, sentence_for
from transparency.permissions import Right, may
from transparency.queries import installation, log_head
from transparency.web.access import release_or_404
from transparency.web.caching import kept_as
from transparency.web.deliveries import dossier_right

if TYPE_CHECKING:
    from django.http import HttpRequest

    from transparency.models import Release


SBOMS_SHOWN = 5


@require_safe
@also_as_public
def release(request: HttpRequest, product: str, version: str) -> HttpResponse:
    row = release_or_404(request, product, version)
    facts = release_facts(request, row)
    context = {
        **facts,
        "own_file": own_file(row, request.GET.get("sha256", "")),
        **_by_hand(row, facts),
        "may_read": bool(row.subject) and Readable(request.user, row).folder(""),
        "may_review": may(request.user, Right.REVIEW, row),
        "may_deliver": may(request.user, Right.DELIVER, row.product),
        "engagement": own_engagement(request.user, row),
    }
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


def release_facts(request: HttpRequest, row: Release) -> dict[str, Any]:
    """What the page and the printable record both say."""
    facts = {
        "release": row,
        "product": row.product,
        **delivered(row, request.user),
        "newer": successor_of(row, request.user),
        "sboms": row.sboms.order_by("-pk").defer("packages", "subjects")[:SBOMS_SHOWN],
        "builds": row.build_lists.prefetch_related("artifacts"),
        "may_have_dossier": may(request.user, dossier_right(row), row),
        "installation": installation(),
        "head": log_head(),
        "dossier_name": _dossier_name(row),
    }
    return facts | (_chain(request, row, facts["deliveries"]) if row.subject else {})


def _by_hand(row: Release, facts: dict[str, Any]) -> dict[str, Any]:
    """Commands that name files of the release, for those who may have them."""
    if not facts["may_have_dossier"] or row.subject is None:
        return {}
    first = facts["deliveries"][0].delivery if facts["deliveries"] else None
    return {
        "dossier_checks": dossier_checks(row, facts["dossier_name"]),
        "archive_checks": archive_checks(first) if first else [],
    }


def _dossier_name(row: Release) -> str:
    return f"{row.product.slug}-{row.version}.dossier.zip"


def _chain(request: HttpRequest, row: Release, deliveries: list[Any]) -> dict[str, Any]:
    """The links, or why they could not be looked at now: nothing is ever shown as proved because a check was impossible."""
    try:
        report = release_report(asked_by=request.user, release=row)
    except UnavailableError as error:
        return {"unavailable": sentence_for(error.code), "error": error}
    reviews = shown_reviews(report, asked_by=request.user, release=row)
    verdict = deliveries[0].delivery.verdict if deliveries else ""
    return {
        "report": report,
        "links": shown_links(report),
        "reviews": reviews,
        "answer": answer_of(report, reviews, row, verdict),
        "unchecked": unchecked(report, row),
    }
