"""This centre's enrolments as a trust file, for a start: with the warning that such a file proves nothing about its own origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.queries import open_trust
from transparency.proofs.digest import Digest
from transparency.queries import installation

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_safe
def trust(request: HttpRequest) -> HttpResponse:
    exported = open_trust()
    context = {
        "installation": installation(),
        "fingerprints": [line.split(": ", 1) for line in exported.fingerprints],
        "warnings": exported.warnings,
        "digest": Digest.of(exported.data).hex,
        "size": len(exported.data),
    }
    return render(request, "reviews/trust.html", context)


@require_safe
def trust_file(_request: HttpRequest) -> HttpResponse:
    """Keys of open products and of authorities alone: the same for everybody."""
    response = HttpResponse(open_trust().data, content_type="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="trust-as-this-centre-states-it.json"'
    return response
