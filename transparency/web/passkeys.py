"""A person's passkeys and the recovery codes that stand in for them: make, name, remove. Each change asks who is sitting there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.webauthn.internal.auth import begin_registration
from allauth.mfa.webauthn.views import AddWebAuthnView, EditWebAuthnView, RemoveWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from transparency.models import Person
from transparency.services.end_sessions import end_sessions
from transparency.web.access import refuse, signed_in
from transparency.web.passkey_forms import PasskeyAddForm, PasskeyNameForm, options_text
from transparency.web.require_passkey import passkeys_of
from transparency.web.step_up import fresh_sign_in

if TYPE_CHECKING:
    from django import forms
    from django.http import HttpRequest, HttpResponse

METHODS = ("get", "head", "post", "options")
MOST_PASSKEYS = 20
_asked = method_decorator([login_required, never_cache, fresh_sign_in], name="dispatch")


@_asked
class AddPasskey(AddWebAuthnView):
    template_name = "account/passkey_add.html"
    http_method_names = METHODS

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if passkeys_of(signed_in(request)).count() >= MOST_PASSKEYS:
            refuse(f"You have {MOST_PASSKEYS} passkeys. Remove one that you no longer use.")
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    def get_form_class(self) -> type[PasskeyAddForm]:
        return PasskeyAddForm

    def get_success_url(self) -> str:
        return str(reverse_lazy("recovery-codes" if self.did_generate_recovery_codes else "account"))

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        for words in [*form.non_field_errors(), *form.errors.get("credential", [])]:
            messages.error(self.request, words)
        response: HttpResponse = super().form_invalid(form)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        person = signed_in(self.request)
        context["options"] = options_text(begin_registration(person, passwordless=True))
        context["required"] = settings.REQUIRE_PASSKEY and not passkeys_of(person).exists()
        return context


@_asked
class RenamePasskey(EditWebAuthnView):
    template_name = "account/passkey_rename.html"
    http_method_names = METHODS
    pk_url_kwarg = "identity"
    success_url = reverse_lazy("account")

    def get_form_class(self) -> type[PasskeyNameForm]:
        return PasskeyNameForm


@_asked
class RemovePasskey(RemoveWebAuthnView):
    """Whatever session was opened by a lost passkey ends with it: the other ones of the person all do."""

    template_name = "account/passkey_remove.html"
    http_method_names = METHODS
    pk_url_kwarg = "identity"
    success_url = reverse_lazy("account")

    def form_valid(self, form: forms.Form) -> HttpResponse:
        person = signed_in(self.request)
        with transaction.atomic():
            Person.objects.select_for_update().get(pk=person.pk)  # of two at once, one counts what the other left
            if settings.REQUIRE_PASSKEY and passkeys_of(person).count() == 1:
                messages.error(
                    self.request, "This is your only passkey, and here one is required. Make another one first."
                )
                return redirect("account")
            response: HttpResponse = super().form_valid(form)
        end_sessions(person=person, but=self.request.session.session_key)
        return response


@_asked
class RecoveryCodes(ViewRecoveryCodesView):
    """The codes, on the first visit alone; afterwards how many are left."""

    template_name = "account/recovery_codes.html"
    http_method_names = ("get", "head", "options")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        rows = Authenticator.objects.filter(user=signed_in(request), type=Authenticator.Type.RECOVERY_CODES)
        if not rows.exists():
            return redirect("account")
        response: HttpResponse = super().get(request, *args, **kwargs)
        return response


@_asked
class MakeRecoveryCodes(GenerateRecoveryCodesView):
    template_name = "account/recovery_codes_make.html"
    http_method_names = METHODS
    success_url = reverse_lazy("recovery-codes")
