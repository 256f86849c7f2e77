"""The choice of colours: a cookie, so that the server renders it and nothing flashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from reviews.web.context import THEMES

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

YEAR_SECONDS = 365 * 86400


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    back = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    response = redirect(back if safe and back.startswith("/") else "home")
    chosen = request.POST.get("theme", "")
    if chosen in dict(THEMES):
        response.set_cookie(
            "theme", chosen, max_age=YEAR_SECONDS, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
    return response
