"""Forms that carry what a browser's passkey answered. Whatever else arrives in them is refused in words, never an error of ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.serializers.json import DjangoJSONEncoder

from transparency.web.passkey_adapter import PasskeyAdapter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allauth.mfa.models import Authenticator

MOST_NAME_CHARACTERS = 80
MOST_CODE_CHARACTERS = 40
# What libraries raise when parts of an answer are missing or of another type.
_MISSHAPEN = (AttributeError, KeyError, IndexError, TypeError, ValueError, AssertionError)


def options_text(options: Mapping[str, Any]) -> str:
    """A challenge as JSON, for the attribute that the module reads it from."""
    return json.dumps(options, cls=DjangoJSONEncoder)


class _Answered:
    """Mixed into a form whose `credential` is what the browser's passkey answered."""

    def clean_credential(self) -> Authenticator:
        try:
            found: Authenticator = super().clean_credential()  # type: ignore[misc]
        except _MISSHAPEN as error:
            raise PasskeyAdapter().validation_error("incorrect_code") from error
        return found


class PasskeySignInForm(_Answered, LoginWebAuthnForm):
    pass


class PasskeyStepForm(_Answered, AuthenticateWebAuthnForm):
    pass


class PasskeyConfirmForm(_Answered, ReauthenticateWebAuthnForm):
    pass


class _Code(forms.Form):
    """Mixed into a form that takes a recovery code, however it is spaced."""

    code = forms.CharField(
        label="Recovery code",
        max_length=MOST_CODE_CHARACTERS,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "tc-short tc-mono"}
        ),
    )

    def clean_code(self) -> str:
        self.cleaned_data["code"] = "".join(self.cleaned_data["code"].split()).replace("-", "")
        code: str = super().clean_code()  # type: ignore[misc]
        return code


class CodeStepForm(_Code, AuthenticateForm):
    pass


class CodeConfirmForm(_Code, ReauthenticateForm):
    pass


class PasskeyAddForm(AddWebAuthnForm):
    name = forms.CharField(
        label="Name",
        help_text="By which you know it again, such as the device that it lies on.",
        max_length=MOST_NAME_CHARACTERS,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    passwordless = None  # all of ours sign in alone as well

    def clean(self) -> dict[str, Any]:
        try:
            cleaned: dict[str, Any] = super().clean()
        except _MISSHAPEN as error:
            raise PasskeyAdapter().validation_error("incorrect_code") from error
        return cleaned


class PasskeyNameForm(EditWebAuthnForm):
    name = forms.CharField(
        label="Name", max_length=MOST_NAME_CHARACTERS, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
