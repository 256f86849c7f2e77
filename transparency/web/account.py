"""Your account: how one signs in, and where one is signed in now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from allauth.account.views import PasswordChangeView
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from transparency.services.end_sessions import end_sessions
from transparency.session_times import BEGAN, USED, ended
from transparency.web.access import refuse, signed_in
from transparency.web.browsers import browser_named
from transparency.web.sign_in import MOST_PASSWORD_CHARACTERS

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from transparency.models import Person

MOST_SESSIONS = 50


@dataclass(frozen=True)
class OpenSession:
    identity: int
    browser: str
    address: str
    since: datetime
    used: datetime
    is_this: bool


@login_required
@never_cache
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    person = signed_in(request)
    authenticators = Authenticator.objects.filter(user=person).order_by("created_at")
    codes = next((row for row in authenticators if row.type == Authenticator.Type.RECOVERY_CODES), None)
    context = {
        "person": person,
        "passkeys": [row for row in authenticators if row.type == Authenticator.Type.WEBAUTHN],
        "codes": len(codes.wrap().get_unused_codes()) if codes else None,
        "sessions": open_sessions(request, person),
        "idle_minutes": settings.IDLE_SECONDS // 60,
    }
    return render(request, "account/account.html", context)


@login_required
@require_POST
def end_session(request: HttpRequest, identity: int) -> HttpResponse:
    person = signed_in(request)
    row = UserSession.objects.filter(pk=identity, user=person).first()
    if row is None:
        raise Http404
    if row.session_key == request.session.session_key:
        refuse("This is the session that you are in. Sign out to end it.")
    row.end()
    messages.success(request, "That session has ended.")
    return redirect("account")


@login_required
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    count = end_sessions(person=signed_in(request), but=request.session.session_key)
    messages.success(request, f"Ended {count} other session{'' if count == 1 else 's'}. This one goes on.")
    return redirect("account")


def open_sessions(request: HttpRequest, person: Person) -> list[OpenSession]:
    """Those that still let somebody in, this one first, then the last used."""
    rows = list(UserSession.objects.filter(user=person).order_by("-pk")[:MOST_SESSIONS])
    kept = Session.objects.filter(session_key__in=[row.session_key for row in rows], expire_date__gt=timezone.now())
    stored = {session.session_key: session.get_decoded() for session in kept}
    found = []
    for row in rows:
        data = stored.get(row.session_key, {})
        if ended(data):
            continue
        is_this = row.session_key == request.session.session_key
        since, used = (datetime.fromtimestamp(data[name], UTC) for name in (BEGAN, USED))
        found.append(OpenSession(row.pk, browser_named(row.user_agent), row.ip, since, used, is_this))
    return sorted(found, key=lambda each: (each.is_this, each.used), reverse=True)


class ChangePasswordForm(forms.Form):
    old = forms.CharField(
        label="Your password now",
        strip=False,
        max_length=MOST_PASSWORD_CHARACTERS,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label="New password",
        help_text="At least 14 characters, and none of the common ones.",
        strip=False,
        max_length=MOST_PASSWORD_CHARACTERS,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="New password again",
        strip=False,
        max_length=MOST_PASSWORD_CHARACTERS,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_old(self) -> str:
        given: str = self.cleaned_data["old"]
        if not self.user.check_password(given):
            raise forms.ValidationError("That is not your password.")
        return given

    def clean_new(self) -> str:
        given: str = self.cleaned_data["new"]
        validate_password(given, self.user)
        return given

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if "new" in cleaned and cleaned.get("again", cleaned["new"]) != cleaned["new"]:
            self.add_error("again", "The two new passwords differ.")
        return cleaned

    def save(self) -> None:
        self.user.set_password(self.cleaned_data["new"])
        self.user.save(update_fields=["password"])


@method_decorator([login_required, never_cache], name="dispatch")
class ChangePassword(PasswordChangeView):
    """Ends all other sessions: what they hold is bound to the password that was."""

    template_name = "account/password.html"
    http_method_names = ("get", "head", "post", "options")
    success_url = reverse_lazy("account")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not signed_in(request).has_usable_password():
            refuse("This account has no password: it is opened by passkey alone.")
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    def get_form_class(self) -> type[ChangePasswordForm]:
        return ChangePasswordForm

    def form_valid(self, form: ChangePasswordForm) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        end_sessions(person=form.user, but=self.request.session.session_key)
        return response
