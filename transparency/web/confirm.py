"""Prove again who is sitting there (step_up.py): by passkey, by recovery code, or by password where there is no passkey."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import ReauthenticateView as CodeView
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from transparency.web.account_adapter import AccountAdapter
from transparency.web.kept_form import GoesOn
from transparency.web.passkey_forms import CodeConfirmForm, PasskeyConfirmForm, options_text
from transparency.web.sign_in import MOST_PASSWORD_CHARACTERS

if TYPE_CHECKING:
    from django.http import HttpResponse

    from transparency.models import Person

METHODS = ("get", "head", "post", "options")


class PasswordForm(forms.Form):
    password = forms.CharField(
        label="Your password",
        max_length=MOST_PASSWORD_CHARACTERS,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, user: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        given: str = self.cleaned_data["password"]
        if not AccountAdapter().reauthenticate(self.user, given):
            raise forms.ValidationError("That is not your password.")
        return given


@method_decorator([login_required, never_cache], name="dispatch")
class Confirm(GoesOn, ReauthenticateView):
    template_name = "account/confirm.html"
    http_method_names = METHODS

    def get_form_class(self) -> type[PasswordForm]:
        return PasswordForm


@method_decorator([login_required, never_cache], name="dispatch")
class ConfirmByCode(GoesOn, CodeView):
    template_name = "account/confirm.html"
    http_method_names = METHODS

    def get_form_class(self) -> type[CodeConfirmForm]:
        return CodeConfirmForm


@method_decorator([login_required, never_cache], name="dispatch")
class ConfirmByPasskey(GoesOn, ReauthenticateWebAuthnView):
    template_name = "account/confirm_passkey.html"
    http_method_names = METHODS

    def get_form_class(self) -> type[PasskeyConfirmForm]:
        return PasskeyConfirmForm

    def form_invalid(self, form: PasskeyConfirmForm) -> HttpResponse:
        for words in form.errors.get("credential", []):
            messages.error(self.request, words)
        return redirect(self.passthrough_next_url(reverse("confirm-passkey")))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "options": options_text(context["js_data"]["request_options"])}
