"""Where passkeys are required, somebody without one gets the page to make one, and no other, until there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect

from transparency.models import Person
from transparency.web.api_errors import by_machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

HELD = "holds_passkey"
# The page itself, what it may lead to, and the way out.
_ALLOWED = {"passkey-add", "confirm", "confirm-passkey", "confirm-code", "sign-out", "theme"}


class RequirePasskey:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: object, _args: Any, _kwargs: Any) -> HttpResponse | None:
        if not settings.REQUIRE_PASSKEY or settings.SESSION_COOKIE_NAME not in request.COOKIES or by_machine(request):
            return None
        if not isinstance(request.user, Person) or _holds_one(request, request.user):
            return None
        name = request.resolver_match.url_name if request.resolver_match else None
        if name in _ALLOWED:
            return None
        if request.headers.get("Sec-Fetch-Dest") == "empty":
            return JsonResponse({"error": {"code": "passkey-missing"}}, status=403)
        return redirect("passkey-add")


def passkeys_of(person: Person) -> Any:
    return Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN)


def _holds_one(request: HttpRequest, person: Person) -> bool:
    """Asked once a session: the last one cannot be removed while it is required, and resetting a sign-in ends all sessions."""
    if not request.session.get(HELD) and passkeys_of(person).exists():
        request.session[HELD] = True
    return bool(request.session.get(HELD))
