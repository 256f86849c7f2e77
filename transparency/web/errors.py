"""What a browser gets when a page cannot be made. Wrong, unreachable and broken are three different answers (DESIGN 1.7).

400 for a request that no browser of ours sends, 429 for too many of them,
503 with the code for weather (`UnavailableError`), 500 for a bug of our own.
None but 429 asks the database, which may be what is missing. Machines are answered in their own shape.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from django.db import OperationalError
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.templatetags.static import static
from django.views.decorators.csrf import requires_csrf_token

from transparency.errors import EvidenceError, UnavailableError, database_weather, sentence_for
from transparency.web.api_errors import by_machine, error_answer
from transparency.web.caching import NEVER

if TYPE_CHECKING:
    from django.http import HttpRequest

RETRY_SECONDS = "30"
LIMIT_SECONDS = "60"


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    if by_machine(request):
        return _told(EvidenceError("request-malformed", expected="a request that can be read"), 400)
    return _page("errors/400.html", 400)


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls this while the error is being handled, so that the kind of it can be told."""
    error = sys.exc_info()[1]
    if by_machine(request):
        return _told(EvidenceError("internal", expected="an answer", found="a fault of the portal"), 500)
    if isinstance(error, EvidenceError):  # stored by us, and not what it should be: what was found stands in the log
        return _page("errors/500.html", 500, sentence=sentence_for(error.code), error=error)
    if isinstance(error, OperationalError):  # a database that is full, locked or away
        error = database_weather(error)
    if not isinstance(error, UnavailableError):
        return _page("errors/500.html", 500)
    response = _page("errors/503.html", 503, sentence=sentence_for(error.code), error=error)
    response.headers["Retry-After"] = RETRY_SECONDS
    return response


def too_many(request: HttpRequest) -> HttpResponse:
    """A limit by address, name or person was reached (settings.ACCOUNT_RATE_LIMITS)."""
    response = render(request, "429.html", status=429)
    response.headers["Retry-After"] = LIMIT_SECONDS
    response.headers["Cache-Control"] = "no-store"
    return response


def _told(error: EvidenceError, status: int) -> HttpResponse:
    response = error_answer(error)
    response.status_code = status
    response.headers["Cache-Control"] = NEVER
    response.headers["X-Frame-Options"] = "DENY"
    return response


def _page(template: str, status: int, **context: object) -> HttpResponse:
    response = HttpResponse(get_template(template).render({"stylesheet": _stylesheet(), **context}), status=status)
    response.headers["X-Frame-Options"] = "DENY"  # an unknown host is refused before the middleware that says so
    return response


def _stylesheet() -> str:
    try:
        return static("css/portal.css")
    except ValueError:  # no manifest yet: a plain page is better than none
        return ""
