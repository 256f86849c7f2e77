"""What people fill in. Fields only; what is written where is the services' business."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone

from reviews.models import Engagement
from reviews.rules.coverage import LEVELS
from reviews.rules.predicate import Words
from reviews.rules.scope import Exclusion
from reviews.services.freeze_statement import DEFAULT_WORDS
from transparency.models import Person, Product, Release, TrustAnchor
from transparency.permissions import Right, known_products, may
from transparency.proofs.attest.dsse import MAX_ENVELOPE_BYTES

if TYPE_CHECKING:
    from transparency.models import Organisation

CONCLUSIONS = (
    ("no-unexplained", "no-unexplained: nothing in what I read is left unexplained"),
    ("concerns", "concerns: I have concerns, which the limits or my report name"),
    ("violation", "violation: I found a violation"),
    ("abstain", "abstain: I do not conclude"),
)
UNDO = "unmark"


def area(rows: int, **more: str) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **more})


class RegionForm(forms.Form):
    path = forms.CharField(max_length=12_288, strip=False)
    start = forms.IntegerField(min_value=1, label="From line")
    end = forms.IntegerField(min_value=1, label="To line")


class MarkForm(RegionForm):
    level = forms.ChoiceField(choices=[(level, level) for level in (*LEVELS, UNDO)])


class EngagementForm(forms.Form):
    release = forms.ModelChoiceField(queryset=Release.objects.none(), label="Release", empty_label="Choose one")
    depth = forms.ChoiceField(choices=Engagement.Depth.choices, label="Depth", widget=forms.RadioSelect)
    auditors = forms.ModelMultipleChoiceField(
        queryset=Person.objects.none(), label="Auditors", widget=forms.CheckboxSelectMultiple
    )
    include = forms.CharField(
        label="Scope",
        required=False,
        help_text="Globs over paths, one a line, such as src/** or **/*.py. Empty means everything.",
        widget=area(3, spellcheck="false", **{"class": "tc-mono"}),
    )
    exclude = forms.CharField(
        label="Left out, with reasons",
        required=False,
        help_text="One a line: glob, a colon, the reason; such as tests/**: the vendor's own tests. Reasons are published.",
        widget=area(3, spellcheck="false", **{"class": "tc-mono"}),
    )
    ends = forms.DateField(
        label="Last day",
        required=False,
        help_text="Empty means open.",
        widget=forms.DateInput(attrs={"type": "date", "class": "tc-short"}),
    )
    terms = forms.CharField(
        label="Terms", required=False, help_text="Kept with the engagement, never published.", widget=area(3)
    )

    def __init__(self, *args: Any, person: Person, authority: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        products = Product.objects.filter(known_products(person))
        rows = Release.objects.filter(product__in=products, subject__isnull=False).select_related("product__vendor")
        allowed = [row.pk for row in rows if may(person, Right.REVIEW, row)]
        self.fields["release"].queryset = Release.objects.filter(pk__in=allowed).select_related("product")  # type: ignore[attr-defined]
        people = self.fields["auditors"]
        people.queryset = authority.people.filter(is_active=True)  # type: ignore[attr-defined]
        people.label_from_instance = lambda each: each.display_name  # type: ignore[attr-defined]

    @property
    def has_choice(self) -> bool:
        return bool(self.fields["release"].queryset.exists())  # type: ignore[attr-defined]

    def clean_include(self) -> list[str]:
        return _lines(self.cleaned_data["include"])

    def clean_exclude(self) -> list[Exclusion]:
        found = []
        for line in _lines(self.cleaned_data["exclude"]):
            glob, _, reason = (part.strip() for part in line.partition(":"))
            if not (glob and reason):
                raise forms.ValidationError(f"Expected a glob, a colon and the reason; found {line[:80]}")
            found.append(Exclusion(glob, reason))
        return found

    def clean_ends(self) -> datetime | None:
        return _end_of(self.cleaned_data["ends"])


class StatementForm(forms.Form):
    """Every sentence of it is signed. What a program leaves out stays as the initial text; what a person empties is missing."""

    anchor = forms.ModelChoiceField(
        queryset=TrustAnchor.objects.none(), label="Key that you will sign with", empty_label=None
    )
    conclusion = forms.ChoiceField(choices=CONCLUSIONS, label="Your conclusion", widget=forms.RadioSelect)
    limitations = forms.CharField(
        label="Limits of what you did",
        required=False,
        help_text="One a line: what you did not look at, what you could not understand.",
        widget=area(4),
    )
    open_findings = forms.IntegerField(
        label="Findings that are open", min_value=0, initial=0, widget=forms.NumberInput(attrs={"class": "tc-short"})
    )
    method = forms.CharField(
        label="How you worked", help_text="One a line.", initial="\n".join(DEFAULT_WORDS.method), widget=area(2)
    )
    role = forms.CharField(label="Your role", initial=DEFAULT_WORDS.role)
    independence = forms.CharField(
        label="Your independence from the vendor", initial=DEFAULT_WORDS.independence, widget=area(2)
    )
    thoroughness = forms.CharField(
        label="How thorough it was", required=False, initial=DEFAULT_WORDS.thoroughness, widget=area(2)
    )
    understanding = forms.CharField(
        label="How well you understood it", required=False, initial=DEFAULT_WORDS.understanding, widget=area(2)
    )
    valid_until = forms.DateField(
        label="Last day on which it stands",
        required=False,
        help_text="Empty means that it does not end.",
        widget=forms.DateInput(attrs={"type": "date", "class": "tc-short"}),
    )

    def __init__(self, data: Any = None, *, person: Person) -> None:
        super().__init__(_with_initial(data, type(self).base_fields) if data is not None else None)
        self.fields["anchor"].queryset = person.anchors.filter(revoked_at__isnull=True)  # type: ignore[attr-defined]
        self.fields["anchor"].label_from_instance = lambda key: f"{key.get_format_display()} {key.fingerprint}"  # type: ignore[attr-defined]

    def clean_valid_until(self) -> datetime | None:
        return _end_of(self.cleaned_data["valid_until"])

    @property
    def words(self) -> Words:
        said = self.cleaned_data
        return Words(
            role=said["role"],
            independence=said["independence"],
            method=tuple(_lines(said["method"])),
            thoroughness=said["thoroughness"],
            understanding=said["understanding"],
            limitations=tuple(_lines(said["limitations"])),
        )


class EnvelopeForm(forms.Form):
    envelope = forms.FileField(
        label="Signed envelope",
        help_text="The .dsse.json file that transparency sign wrote, or one that you made yourself.",
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
    )

    def clean_envelope(self) -> bytes:
        upload = self.cleaned_data["envelope"]
        if upload.size > MAX_ENVELOPE_BYTES:
            raise forms.ValidationError(f"Expected at most {MAX_ENVELOPE_BYTES} bytes; found {upload.size}.")
        data: bytes = upload.read()
        return data


def complaints(form: forms.Form) -> str:
    """All that is wrong, in one line, for a form that has no page of its own."""
    return " ".join(
        f"{form.fields[name].label or name.capitalize()}: {' '.join(map(str, errors))}"
        if name in form.fields
        else " ".join(map(str, errors))
        for name, errors in form.errors.items()
    )


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _end_of(day: Any) -> datetime | None:
    """The last second of that day; a day that is over is refused."""
    if day is None:
        return None
    end = datetime.combine(day, time(23, 59, 59), UTC)
    if end <= timezone.now():
        raise forms.ValidationError(f"Expected a day that is not over; found {day}.")
    return end


def _with_initial(data: Any, fields: dict[str, forms.Field]) -> dict[str, Any]:
    given = {name: data[name] for name in fields if name in data}
    return {name: field.initial for name, field in fields.items() if field.initial is not None} | given
