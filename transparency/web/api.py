"""The machine interface under /api/v1/: one OpenAPI document, one door, one shape of refusals, headers that fit each answer.

Each app brings routers of its own; the upper one's are named in `registries.api_routers`, so that nothing here imports it.
"""

from __future__ import annotations

import hashlib
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.urls import URLPattern
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI

from transparency.errors import EvidenceError
from transparency.registries import api_routers
from transparency.web.api_access import refused_token
from transparency.web.api_errors import as_json, error_answer, refusal_of
from transparency.web.caching import ASK_AGAIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse
    from django.urls import URLResolver
    from ninja.operation import Operation

_OK, _UNPROCESSABLE, _WRONG_METHOD = 200, 422, 405
_DESCRIPTION = """\
What machines found and what people stated about source, deliveries and builds, and the doors through which a vendor's machine delivers.

Every answer says as of which checkpoint of the log it is; a copy that is kept knows nothing of what is withdrawn later.
Verdicts are a machine's; attestations are people's. Nothing here has to be believed: evidence is handed out as it was signed.

Whoever brings no token sees open products. What one may not know of is answered as what does not exist.
"""


class MachineApi(NinjaAPI):
    """Ninja with our own shape of refusals and headers. Its pages are off: /api/ is ours."""

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        refused = refusal_of(exc)
        if refused is None:  # a bug of our own
            raise exc
        if not isinstance(refused, EvidenceError):
            return error_answer(refused)
        response = refused_token(request, refused)
        if request.method == "GET" and response.status_code == _UNPROCESSABLE:
            response.status_code = 500  # stored by us, and not what it should be
        return response

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return str(operation.view_func.__name__)

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        patterns, app, namespace = super().urls
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = for_machines(pattern.callback)
        return patterns, app, namespace


def build_api() -> MachineApi:
    """All routers under one roof."""
    api = MachineApi(
        title="Transparency Centre",
        version="1",
        description=_DESCRIPTION,
        docs_url=None,
        openapi_url=None,
        urls_namespace="api-v1",
    )
    for router in (*_OWN_ROUTERS, *api_routers):
        api.add_router("", router)
    return api


_OWN_ROUTERS = tuple(
    f"transparency.web.{name}.router"
    for name in ("api_products", "api_verdicts", "api_builds", "api_sboms", "api_log", "api_uploads", "api_deliveries")
)


def for_machines(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view, as machines meet it: HEAD is GET, refusals are JSON, and only what everybody may see can be kept and asked for again."""
    shaped = as_json(view)

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponse:
        asked, request.method = request.method, "GET" if request.method == "HEAD" else request.method
        response = shaped(request, *args, **kwargs)
        if response.status_code == _WRONG_METHOD:
            response = _wrong_method(asked, response)
        elif response.status_code == _OK and request.method == "GET" and "Authorization" not in request.headers:
            response = _kept(request, response)
        request.method = asked
        patch_vary_headers(response, ("Authorization",))
        return response

    return answer


def _kept(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """What everybody may see: kept, and asked about each time."""
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = ASK_AGAIN
    return get_conditional_response(request, etag=etag, response=response) or response


def _wrong_method(asked: str | None, refused: HttpResponse) -> HttpResponse:
    methods = {method.strip() for method in refused.headers["Allow"].split(",")}
    allowed = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    response = error_answer(EvidenceError("method-not-allowed", expected=allowed, found=ascii(asked)))
    response.headers["Allow"] = allowed
    response.headers["Cache-Control"] = refused.headers["Cache-Control"]
    return response
