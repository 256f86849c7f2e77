"""Forms of organisations and of letting people in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from transparency.models import Organisation
from transparency.models.organisation import slug_validator
from transparency.services import accept_invitation, invite_person, rename_organisation
from transparency.services.checked_reason import MAX_REASON_CHARACTERS

_PLAIN = {"autocomplete": "off"}


class NameForm(forms.Form):
    name = forms.CharField(
        label="Name",
        help_text="As pages show it. The slug, which the log carries, stays.",
        max_length=rename_organisation.MAX_NAME_CHARACTERS,
        widget=forms.TextInput(attrs=_PLAIN),
    )


class OrganisationForm(forms.Form):
    name = forms.CharField(
        label="Name",
        help_text="As pages show it. It can be changed later.",
        max_length=rename_organisation.MAX_NAME_CHARACTERS,
        widget=forms.TextInput(attrs=_PLAIN),
    )
    slug = forms.CharField(
        label="Slug",
        help_text="Lower-case letters, digits and hyphens. Records and the log carry it, so it can never be changed.",
        max_length=63,
        validators=[slug_validator],
        widget=forms.TextInput(attrs={**_PLAIN, "spellcheck": "false", "class": "tc-short"}),
    )
    kind = forms.ChoiceField(
        label="What it is",
        choices=(
            (Organisation.Kind.VENDOR, "Vendor: ships products and delivers their source"),
            (
                Organisation.Kind.AUTHORITY,
                "Authority: its auditors read what they were given and state what they found",
            ),
            (Organisation.Kind.OPERATOR, "Operator: runs this centre, lets people in, reads no restricted source"),
        ),
        widget=forms.RadioSelect,
    )


class InviteForm(forms.Form):
    name = forms.CharField(
        label="For whom",
        help_text="The name as you know it: it tells you later which invitation is whose.",
        max_length=invite_person.MAX_NAME_CHARACTERS,
        widget=forms.TextInput(attrs=_PLAIN),
    )


class AcceptForm(forms.Form):
    """What a stranger with a good link says of themselves."""

    full_name = forms.CharField(
        label="Your name",
        help_text="As colleagues, and whoever you write to here, read it.",
        max_length=accept_invitation.MAX_NAME_CHARACTERS,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    username = forms.CharField(
        label="Sign-in name",
        help_text="2 to 63 of a-z, 0-9, dot, underscore and hyphen. It cannot be changed later.",
        max_length=63,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "class": "tc-short"}
        ),
    )
    email = forms.EmailField(
        label="E-mail (you may leave it empty)",
        help_text="Seen by the operator and by you.",
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        label="Password",
        help_text="14 characters or more. A few words in a row are easy to keep in mind.",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="The same password again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("password") and said.get("again") and said["password"] != said["again"]:
            self.add_error("again", ValidationError("The two differ."))
        return said


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        help_text="Kept and shown on the person's page, to the operator and to the person.",
        max_length=MAX_REASON_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class CloseForm(ReasonForm):
    certain = forms.BooleanField(
        label="I mean this person, and I know that sessions, tokens and open invitations do not come back."
    )
