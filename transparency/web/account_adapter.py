"""What allauth asks us: accounts come by invitation alone, nothing tells names that exist from names that do not, words are ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.contrib.auth import authenticate
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from transparency.models import Person
from transparency.session_times import is_fresh

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

TOO_MANY = "too_many_login_attempts"
# What allauth says at some steps, by the name of its template; what is not here is not said.
_SAID = {
    "account/messages/logged_out.txt": "You are signed out.",
    "account/messages/password_changed.txt": "Your password is changed. Your other sessions have ended.",
    "mfa/messages/webauthn_added.txt": "The passkey is yours from now on.",
    "mfa/messages/webauthn_removed.txt": "The passkey is removed. It opens nothing here any more.",
}
# Strongest first: whoever has a passkey confirms by it, or by a recovery code when it is not at hand.
_WAYS = {
    "mfa_reauthenticate:webauthn": "Use your passkey",
    "mfa_reauthenticate": "Use a recovery code",
    "reauthenticate": "Use your password",
}


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {  # noqa: RUF012 - allauth's attribute
        **DefaultAccountAdapter.error_messages,
        "incorrect_password": "That is not your password.",
        "enter_current_password": "That is not your password.",
        TOO_MANY: "Too many attempts. Wait a minute.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        return False

    def is_ajax(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        return False  # forms are answered with pages, whatever a header asks for

    def is_safe_url(self, url: str | None) -> bool:
        """Places of this portal alone; not those of other names that it may be served under."""
        return bool(url) and str(url).startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Person | None:
        """As allauth does it, but an account that is switched off is answered, and counted, like a wrong password."""
        self.pre_authenticate(request, **credentials)
        person = authenticate(request, **credentials)
        if isinstance(person, Person):
            self._rollback_login_failed_rl_usage()
            return person
        return None

    def reauthenticate(self, user: Person, password: str) -> bool:
        """Not counted under the name, or somebody elsewhere could keep a person from confirming; the person's own count is enough."""
        return user.check_password(password)

    def respond_user_inactive(self, request: HttpRequest, user: Person) -> HttpResponse:  # noqa: ARG002 - allauth's signature
        messages.error(request, "That did not sign you in.")
        return redirect("sign-in")

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:  # noqa: ARG002 - allauth's signature
        person = self.request.user
        return not (isinstance(person, Person) and is_fresh(self.request, person))

    def get_reauthentication_methods(self, user: Person) -> list[dict[str, Any]]:
        """No way that is weaker than what the person has: with a passkey, the password alone confirms nothing."""
        offered = {method["id"]: method for method in super().get_reauthentication_methods(user)}
        ways = [{**offered[key], "description": words} for key, words in _WAYS.items() if key in offered]
        has_passkey = "mfa_reauthenticate:webauthn" in offered
        return [way for way in ways if way["id"] != "reauthenticate" or not has_passkey]

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,  # noqa: ARG002 - allauth's signature
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        said = message or _SAID.get(message_template or "")
        if said:
            messages.add_message(request, level, said, extra_tags=extra_tags)
