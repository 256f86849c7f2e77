"""Who a machine is: a token in the Authorization header, and nothing else. No cookie is looked at, so nothing can be forged across sites.

Wrong tokens are counted by address, in this process alone and in memory: a guess of 32 random bytes succeeds never, so the count only
keeps a broken script from filling the log. Whoever brings a good token is let in however many others at its address were wrong, because
behind a proxy all of them have one address.
"""

from __future__ import annotations

import re
import threading
import time
from functools import wraps
from typing import TYPE_CHECKING

from django.http import HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from transparency.errors import EvidenceError, NotAllowedError
from transparency.services.use_token import use_token
from transparency.web.upload_answers import as_json, error_answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Concatenate, ParamSpec

    from django.http import HttpRequest

    from transparency.models import ApiToken

    Parameters = ParamSpec("Parameters")
    MachineView = Callable[Concatenate[HttpRequest, ApiToken, Parameters], HttpResponse]
    View = Callable[Concatenate[HttpRequest, Parameters], HttpResponse]

WRONG_A_MINUTE = 100
MINUTE_SECONDS = 60.0
# Addresses that are remembered; past this all of them are forgotten, which lets a few more guesses through.
MAX_ADDRESSES = 10_000
_AUTHORIZATION = re.compile(r"Bearer +(\S+)\Z", re.IGNORECASE)


class WrongTokens:
    """How many wrong tokens came from each address within the present minute."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._counts: dict[str, int] = {}
        self._began = 0.0

    def count(self, address: str) -> int:
        """Note one more and return how many there were."""
        now = time.monotonic()
        with self._turn:
            if now - self._began >= MINUTE_SECONDS or len(self._counts) > MAX_ADDRESSES:
                self._counts, self._began = {}, now
            self._counts[address] = self._counts.get(address, 0) + 1
            return self._counts[address]

    def forget(self) -> None:
        with self._turn:
            self._counts = {}


wrong_tokens = WrongTokens()


def for_machines(*methods: str) -> Callable[[MachineView[Parameters]], View[Parameters]]:
    """A view for these methods that is given the token of whoever asks; everything that it answers is JSON."""

    def decorate(view: MachineView[Parameters]) -> View[Parameters]:
        @csrf_exempt
        @as_json
        @wraps(view)
        def answer(request: HttpRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponse:
            if request.method not in methods:
                return _wrong_method(request, methods)
            try:
                token = use_token(secret=_secret_of(request))
            except NotAllowedError as error:
                return _not_let_in(request, error)
            return view(request, token, *args, **kwargs)

        return answer

    return decorate


def _secret_of(request: HttpRequest) -> str:
    found = _AUTHORIZATION.match(request.headers.get("Authorization", ""))
    if found is None:
        raise NotAllowedError("token-missing", expected="Authorization: Bearer <token>", found="none")
    return found[1]


def _not_let_in(request: HttpRequest, error: EvidenceError) -> JsonResponse:
    response = error_answer(error)
    if response.status_code != 401:  # noqa: PLR2004 - its token is good, its owner's right is not
        return response
    if wrong_tokens.count(request.META.get("REMOTE_ADDR", "")) > WRONG_A_MINUTE:
        limit = f"at most {WRONG_A_MINUTE} wrong tokens a minute"
        response = error_answer(EvidenceError("token-attempts", expected=limit, found="more"))
        response.headers["Retry-After"] = str(int(MINUTE_SECONDS))
        return response
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _wrong_method(request: HttpRequest, methods: tuple[str, ...]) -> HttpResponse:
    refused = {"code": "method-not-allowed", "expected": ", ".join(methods), "found": ascii(request.method)}
    answer = HttpResponseNotAllowed(methods, content_type="application/json")
    answer.content = JsonResponse({"error": refused}).content
    return answer
