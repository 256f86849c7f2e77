"""A page as the public gets it, for people who are signed in: `?as=public` makes it for nobody in particular, under a banner."""

from __future__ import annotations

import copy
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, QueryDict
from django.middleware.csrf import get_token
from django.views.defaults import page_not_found

from transparency.web.caching import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    View = Callable[..., HttpResponse]


def also_as_public(view: View) -> View:
    """Wrap a view: what it answers with `?as=public` differs from what anonymous people get by the banner alone, 404 included."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.GET.get("as") != "public" or not request.user.is_authenticated:
            return view(request, *args, **kwargs)
        nobody = _anonymous(request)
        try:
            response = view(nobody, *args, **kwargs)
        except Http404 as error:
            response = page_not_found(nobody, error)
        response.headers["Cache-Control"] = NEVER  # what a shared screen keeps would hide the banner's way back
        return response

    return shown


def _anonymous(request: HttpRequest) -> HttpRequest:
    """The request as somebody without an account would send it; only the choice of colours and the form's token stay."""
    get_token(request)  # on the real request, so that its answer sets the cookie that the page's forms need
    nobody = copy.copy(request)
    nobody.user = AnonymousUser()
    nobody.META = {**request.META, "QUERY_STRING": ""}
    nobody.GET = QueryDict()
    nobody.__dict__.pop("_messages", None)
    nobody.own_view = request.path  # type: ignore[attr-defined]  # reviews/web/context.py shows the banner
    return nobody
