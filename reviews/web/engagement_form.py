"""The form that agrees an engagement. Fields only; what is written where is the service's business."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone

from reviews.models import Engagement
from reviews.rules.scope import Exclusion, Scope
from reviews.web.forms import area, end_of, lines_of
from transparency.errors import EvidenceError
from transparency.models import Person, Product, Release
from transparency.permissions import Right, known_products, may
from transparency.proofs.times import day_begins

if TYPE_CHECKING:
    from datetime import datetime

    from transparency.models import Organisation

DEPTHS = (
    (Engagement.Depth.BLUE, "Blue, an overview: how it is built, what it talks to, where to look more closely"),
    (Engagement.Depth.RED, "Red, the critical parts: what decides, parses, encrypts or updates is read line by line"),
    (Engagement.Depth.BLACK, "Black, everything: each line in scope is to be read, and what is not text is named"),
)
_DAY = {"type": "date", "class": "tc-short"}
_PATHS = {"spellcheck": "false", "class": "tc-mono"}


class EngagementForm(forms.Form):
    release = forms.ModelChoiceField(queryset=Release.objects.none(), label="Release", empty_label="Choose one")
    depth = forms.ChoiceField(choices=DEPTHS, label="Depth", widget=forms.RadioSelect)
    auditors = forms.ModelMultipleChoiceField(
        queryset=Person.objects.none(),
        label="Auditors",
        help_text="People of your authority who may review the release. They alone mark and state under this engagement.",
        widget=forms.CheckboxSelectMultiple,
    )
    include = forms.CharField(
        label="Scope",
        required=False,
        help_text="Globs over paths, one a line, such as src/** or **/*.py. Empty means everything.",
        widget=area(3, **_PATHS),
    )
    exclude = forms.CharField(
        label="Left out, with reasons",
        required=False,
        help_text="One a line: glob, a colon, the reason; such as tests/**: the vendor's own tests. Reasons are published.",
        widget=area(3, **_PATHS),
    )
    starts = forms.DateField(
        label="First day", required=False, help_text="Empty means from now on.", widget=forms.DateInput(attrs=_DAY)
    )
    ends = forms.DateField(
        label="Last day", required=False, help_text="Empty means open.", widget=forms.DateInput(attrs=_DAY)
    )
    terms = forms.CharField(
        label="Terms",
        required=False,
        help_text="Each auditor accepts them before marking anything. Kept with the engagement, never published.",
        widget=area(3),
    )

    def __init__(self, *args: Any, person: Person, authority: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        products = Product.objects.filter(known_products(person))
        rows = Release.objects.filter(product__in=products, subject__isnull=False).select_related("product__vendor")
        allowed = [row for row in rows if may(person, Right.REVIEW, row)]
        offered = Release.objects.filter(pk__in=[row.pk for row in allowed])
        self.fields["release"].queryset = offered.select_related("product", "subject")  # type: ignore[attr-defined]
        people = self.fields["auditors"]
        people.queryset = authority.people.filter(pk__in=self._team(authority, allowed))  # type: ignore[attr-defined]
        people.label_from_instance = lambda each: each.display_name  # type: ignore[attr-defined]

    def _team(self, authority: Organisation, offered: list[Release]) -> list[int]:
        """Whoever may review the release that is chosen; while none is, all of the authority."""
        chosen = str(self["release"].value() or "")
        about = next((row for row in offered if str(row.pk) == chosen), None)
        people = authority.people.filter(is_active=True).select_related("organisation")
        return [each.pk for each in people if about is None or may(each, Right.REVIEW, about)]

    @property
    def has_choice(self) -> bool:
        return bool(self.fields["release"].queryset.exists())  # type: ignore[attr-defined]

    @property
    def scope(self) -> Scope:
        return Scope(tuple(self.cleaned_data["include"]), tuple(self.cleaned_data["exclude"]))

    def clean_include(self) -> list[str]:
        return lines_of(self.cleaned_data["include"])

    def clean_exclude(self) -> list[Exclusion]:
        found = []
        for line in lines_of(self.cleaned_data["exclude"]):
            glob, _, reason = (part.strip() for part in line.partition(":"))
            if not (glob and reason):
                raise forms.ValidationError(f"Expected a glob, a colon and the reason; found {line[:80]}")
            found.append(Exclusion(glob, reason))
        return found

    def clean_starts(self) -> datetime:
        """The first second of that day; today is now, because nothing begins before it is agreed."""
        day, now = self.cleaned_data["starts"], timezone.now()
        if day is None or day == now.date():
            return now
        if day < now.date():
            raise forms.ValidationError(f"Expected today or a later day; found {day}.")
        return day_begins(day)

    def clean_ends(self) -> datetime | None:
        return end_of(self.cleaned_data["ends"])

    def clean(self) -> dict[str, Any]:
        """Globs are refused beside the field that they stand in."""
        said = self.cleaned_data
        for name, globs in (("include", said.get("include", [])), ("exclude", said.get("exclude", []))):
            try:
                Scope(**{name: tuple(globs)})
            except EvidenceError as error:
                where = f" {error.subject}" if error.subject not in {"", name} else ""
                self.add_error(name, f"Expected {error.expected}{where}; found {error.found or 'none'}. ({error.code})")
        if said.get("starts") and said.get("ends") and said["ends"] <= said["starts"]:
            self.add_error("ends", "Expected a last day that is not before the first.")
        return said
