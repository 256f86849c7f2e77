"""An attestation by the digest of its envelope: what it states, how the check ends now, its entry. Public where its release is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.permissions import may_have_envelope, may_know_reviewer
from reviews.queries import checked_attestation, later_by_reviewer, review_of
from reviews.web.access import attestation_or_404
from reviews.web.attestation_checks import attestation_checks, envelope_name
from transparency.permissions import may
from transparency.queries import installation, log_head
from transparency.web.access import refuse
from transparency.web.caching import kept_as
from transparency.web.deliveries import dossier_right

if TYPE_CHECKING:
    from django.http import HttpRequest

NAMES_PATHS = "The scope of a statement names paths of a restricted product: its envelope is given to those who may read the source."


@require_safe
def attestation(request: HttpRequest, digest: str) -> HttpResponse:
    row = attestation_or_404(request, digest)
    authority, release = row.statement.engagement.authority, row.release
    index, may_have = row.entry.index, may_have_envelope(request.user, row)
    context = {
        "attestation": row,
        "release": release,
        "organisation": authority,
        "person": row.statement.reviewer.display_name if may_know_reviewer(request.user, authority) else "",
        "review": review_of(row.statement),
        "checked": checked_attestation(row),
        "head": log_head(),
        "index": index if index is not None and index < log_head().size else None,
        "later": later_by_reviewer(row),
        "subject_stands": release.subject_id == row.statement.snapshot_id,
        "may_have_envelope": may_have,
        "hide_scope": not may_have,
        "may_have_dossier": bool(release.subject) and may(request.user, dossier_right(release), release),
        "checks": attestation_checks(row, installation().attestation_namespace),
        "envelope_name": envelope_name(row),
    }
    return kept_as(render(request, "reviews/attestation.html", context), release.product)


@require_safe
def envelope(request: HttpRequest, digest: str) -> HttpResponse:
    row = attestation_or_404(request, digest)
    if not may_have_envelope(request.user, row):
        refuse(NAMES_PATHS)
    response = HttpResponse(bytes(row.envelope), content_type="application/vnd.dsse.envelope+json")
    response.headers["Content-Disposition"] = f'attachment; filename="{envelope_name(row)}"'
    return kept_as(response, row.release.product)
