"""The form of giving rights: to whom, on what, which, and how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from transparency.errors import EvidenceError
from transparency.grant_words import RIGHT_LINES
from transparency.memberships import possible_holders
from transparency.models import Organisation, Release
from transparency.permissions import Right
from transparency.proofs.escaping import escape_path, unescape_path
from transparency.proofs.times import day_begins, day_ends

if TYPE_CHECKING:
    from transparency.models import Person, Product

_DAY = forms.DateInput(attrs={"type": "date", "class": "tc-short"})
# Everybody who is signed in has these on an open product.
_GIVEN_BY_OPENNESS = frozenset({Right.KNOW, Right.READ_SOURCE})


class GrantForm(forms.Form):
    organisation = forms.ModelChoiceField(
        label="To",
        queryset=Organisation.objects.none(),
        empty_label="Choose an organisation",
        error_messages={"required": "Choose an organisation."},
    )
    person = forms.CharField(
        label="To one person of it alone",
        help_text="The sign-in name. Left empty, everybody of the organisation has the right, whoever comes later too.",
        max_length=150,
        required=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "class": "tc-short"}
        ),
    )
    release = forms.ModelChoiceField(
        label="On", queryset=Release.objects.none(), required=False, empty_label="every release, later ones too"
    )
    rights = forms.MultipleChoiceField(
        label="What they may do",
        error_messages={"required": "Choose at least one."},
        widget=forms.CheckboxSelectMultiple,
    )
    folder = forms.CharField(
        label="Only in this folder",
        help_text="As trees show it, such as src/crypto. Only reading and downloading can be limited so.",
        max_length=4096,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "tc-mono"}),
    )
    first_day = forms.DateField(label="First day", help_text="Left empty: at once.", required=False, widget=_DAY)
    last_day = forms.DateField(
        label="Last day",
        help_text="The whole of it counts, in UTC. Left empty: until somebody ends it.",
        required=False,
        widget=_DAY,
    )

    def __init__(self, data: Any, *, giver: Person, product: Product) -> None:
        super().__init__(data)
        self.product = product
        self.fields["organisation"].queryset = possible_holders(giver, product)  # type: ignore[attr-defined]
        releases = self.fields["release"]
        releases.queryset = product.releases.order_by("-created_at")  # type: ignore[attr-defined]
        releases.label_from_instance = lambda row: row.version  # type: ignore[attr-defined]
        offered = [right for right in RIGHT_LINES if product.is_restricted or right not in _GIVEN_BY_OPENNESS]
        self.fields["rights"].choices = [(right.value, RIGHT_LINES[right]) for right in offered]  # type: ignore[attr-defined]

    def clean_folder(self) -> str:
        """Escaped as in the manifest, whether it was given so or as plain text."""
        given = self.cleaned_data["folder"].removesuffix("/")
        try:
            unescape_path(given)
        except EvidenceError:
            return escape_path(given.encode("utf-8", "surrogateescape"))
        return str(given)

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        organisation, name = said.get("organisation"), said.get("person", "").strip()
        said["holder"] = None
        if organisation and name:
            said["holder"] = organisation.people.filter(username=name, is_active=True).first()
            if said["holder"] is None:
                self.add_error("person", "Nobody of this organisation has this sign-in name.")
        start, end = said.get("first_day"), said.get("last_day")
        if start and end and end < start:
            self.add_error("last_day", "The last day lies before the first.")
        said["from"] = day_begins(start) if start else None
        said["until"] = day_ends(end) if end else None
        return said

    def asked(self) -> dict[str, Any]:
        """What the service and the sentence are asked with."""
        said = self.cleaned_data
        return {
            "organisation": None if said["holder"] else said["organisation"],
            "person": said["holder"],
            "product": self.product,
            "release": said["release"],
            "folder": said["folder"],
            "rights": said["rights"],
            "valid_from": said["from"],
            "valid_until": said["until"],
        }
