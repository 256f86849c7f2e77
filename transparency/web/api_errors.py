"""Refusals as JSON, for browsers' scripts and for machines: `{"error": {"code", "expected", "found"}}` with a status that fits."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from ninja.errors import ValidationError

from transparency.errors import EvidenceError, UnavailableError, UnusableInputError, database_weather
from transparency.web.caching import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Concatenate, ParamSpec

    from django.http import HttpRequest

    Parameters = ParamSpec("Parameters")
    View = Callable[Concatenate[HttpRequest, Parameters], HttpResponse]

RETRY_SECONDS = "5"
# Everything else that is wrong with a request is 422, and weather 503.
_STATUS = {
    "request-malformed": 400,
    "token-missing": 401,
    "token-unknown": 401,
    "token-expired": 401,
    "token-revoked": 401,
    "session-ended": 401,
    "not-allowed": 403,
    "right-ended": 403,
    "scope-missing": 403,
    "upload-quota": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    "upload-unknown": 404,
    "upload-busy": 409,
    "upload-damaged": 409,
    "upload-exists": 409,
    "upload-mismatch": 409,
    "upload-offset": 409,
    "upload-unfinished": 409,
    "length-missing": 411,
    "chunk-size": 413,
    "object-too-large": 413,
    "request-too-large": 413,
    "media-type": 415,
    "token-attempts": 429,
    "internal": 500,
    "disk-full": 507,
}
_UNPROCESSABLE, _UNAVAILABLE = 422, 503


def as_json(view: View[Parameters]) -> View[Parameters]:
    """The view, whose refusals are JSON; nothing of it is ever kept by a browser or a proxy."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Exception as error:
            refused = refusal_of(error)
            if refused is None:  # a bug of our own
                raise
            response = error_answer(refused)
        response.headers["Cache-Control"] = NEVER
        return response

    return answer


def by_machine(request: HttpRequest) -> bool:
    """Whether the machine interface is asked, which looks at no cookie and answers in its own shape."""
    return request.path.startswith("/api/") and request.path != "/api/"


def refusal_of(error: Exception) -> EvidenceError | UnavailableError | None:
    """What is told about an error of a request, None for a bug."""
    if isinstance(error, EvidenceError | UnavailableError):
        return error
    if isinstance(error, OperationalError):  # a database that is full, locked or away
        return database_weather(error)
    if isinstance(error, Http404):
        return EvidenceError("not-found", expected="something that you may know of")
    if isinstance(error, PermissionDenied):
        return EvidenceError("not-allowed", expected=str(error))
    return _malformed(error)


def error_answer(error: EvidenceError | UnavailableError) -> JsonResponse:
    status = _STATUS.get(error.code, _UNAVAILABLE if isinstance(error, UnavailableError) else _UNPROCESSABLE)
    found = {"code": error.code, "expected": error.expected, "found": error.found}
    response = JsonResponse({"error": found}, status=status)
    if isinstance(error, UnavailableError):
        response.headers["Retry-After"] = RETRY_SECONDS
    return response


def _malformed(error: Exception) -> UnusableInputError | None:
    """What is wrong with the request itself, None where nothing is."""
    if isinstance(error, RequestDataTooBig):
        limit = f"at most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes"
        return UnusableInputError("request-too-large", expected=limit, found="more")
    if isinstance(error, UnreadablePostError):
        return UnusableInputError("request-malformed", expected="a whole request", found="part")
    if isinstance(error, ValidationError):  # of the address or its query: the first thing that is wrong
        first = error.errors[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        return UnusableInputError(
            "request-malformed", expected=f"{where}: {first['msg']}"[:200], found="something else"
        )
    return None
