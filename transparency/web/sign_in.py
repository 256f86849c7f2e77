"""Sign in and out: by name and password, by passkey, or by both. Answers tell nobody whether a name exists.

Whoever has a passkey needs it (or a recovery code) after the password as well. Limits are by address and by name (ACCOUNT_RATE_LIMITS); a
passkey alone is limited by address only, so that nobody can keep its owner out from elsewhere.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import LoginView, LogoutView
from allauth.core.internal.ratelimit import consume_or_429, respond_429
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.webauthn.internal.auth import begin_authentication
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from allauth.mfa.webauthn.views import LoginWebAuthnView
from django import forms
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from transparency.web.account_adapter import TOO_MANY, AccountAdapter
from transparency.web.passkey_forms import CodeStepForm, PasskeySignInForm, PasskeyStepForm, options_text
from transparency.web.session_limits import ENDED

if TYPE_CHECKING:
    from django.http import HttpRequest

MOST_CHARACTERS = 254
MOST_PASSWORD_CHARACTERS = 4096


class SignInForm(forms.Form):
    username = forms.CharField(
        label="Name or e-mail address",
        max_length=MOST_CHARACTERS,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label="Password",
        max_length=MOST_PASSWORD_CHARACTERS,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_username(self) -> str:
        return unicodedata.normalize("NFKC", self.cleaned_data["username"])

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return self.cleaned_data
        name, password = self.cleaned_data["username"], self.cleaned_data["password"]
        self.person = AccountAdapter().authenticate(self.request, username=name, password=password)
        if self.person is None:
            raise forms.ValidationError(
                "Name and password do not go together. They are checked as one, so neither is named.", code="wrong"
            )
        return self.cleaned_data

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        login = Login(user=self.person, redirect_url=redirect_url)
        return perform_password_login(request, {"username": self.cleaned_data["username"]}, login)


class SignIn(LoginView):
    template_name = "account/sign_in.html"
    http_method_names = ("get", "head", "post", "options")

    def get_form_class(self) -> type[SignInForm]:
        return SignInForm

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        if form.has_error("__all__", TOO_MANY):
            return respond_429(self.request)
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        ended = self.request.session.pop(ENDED, None) if self.request.session.get(ENDED) else None
        return {**context, "next": get_next_redirect_url(self.request) or "", "ended": ended}


class SignInByPasskey(LoginWebAuthnView):
    """The passkey names its owner: GET gives a script the challenge, POST takes the answer."""

    http_method_names = ("get", "head", "post", "options")

    def get(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        limited = consume_or_429(request, app="allauth.mfa", action="webauthn_begin", limit_get=True)
        return limited or JsonResponse({"options": begin_authentication(None)})

    def get_form_class(self) -> type[PasskeySignInForm]:
        return PasskeySignInForm

    def form_valid(self, form: PasskeySignInForm) -> HttpResponse:
        authenticator = form.cleaned_data["credential"]
        login = Login(user=authenticator.user, redirect_url=get_next_redirect_url(self.request))
        return perform_passwordless_login(self.request, authenticator, login)

    def form_invalid(self, form: PasskeySignInForm) -> HttpResponse:
        for words in form.errors.get("credential", []):
            messages.error(self.request, words)
        place, back = reverse("sign-in"), get_next_redirect_url(self.request)
        return redirect(f"{place}?{urlencode({'next': back})}" if back else place)


class SecondStep(AuthenticateView):
    """After the password of somebody who has a passkey: the passkey, or one of the recovery codes."""

    template_name = "account/second_step.html"
    http_method_names = ("get", "head", "post", "options")

    def get_form_class(self) -> type[CodeStepForm]:
        return CodeStepForm

    def get_webauthn_form_class(self) -> type[PasskeyStepForm]:
        return PasskeyStepForm

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        if any(form.has_error(name, TOO_MANY) for name in ("code", "credential")):
            return respond_429(self.request)
        for words in form.errors.get("credential", []):
            messages.error(self.request, str(words))
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "options": options_text(context["js_data"]["request_options"])}


class SignOut(LogoutView):
    """By POST alone, also out of a sign-in that is half done. The browser is told to forget pages that it kept."""

    http_method_names = ("post", "options")

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response
