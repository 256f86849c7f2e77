"""What people fill in. Fields only; what is written where is the services' business."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone

from reviews.rules.coverage import LEVELS
from transparency.errors import EvidenceError
from transparency.proofs.escaping import unescape_path
from transparency.proofs.times import day_ends

if TYPE_CHECKING:
    from datetime import datetime

UNDO = "unmark"


def area(rows: int, **more: str) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **more})


class PathField(forms.CharField):
    """A path escaped as in the manifest, as our own pages hand it out."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=12_288, strip=False, **more)

    def clean(self, value: Any) -> Any:
        path = super().clean(value)
        try:
            unescape_path(path)
        except EvidenceError as error:
            raise forms.ValidationError(f"Expected {error.expected}; found {error.found}.") from error
        return path


class RegionForm(forms.Form):
    path = PathField()
    start = forms.IntegerField(min_value=1, label="From line")
    end = forms.IntegerField(min_value=1, label="To line")


class MarkForm(RegionForm):
    level = forms.ChoiceField(choices=[(level, level) for level in (*LEVELS, UNDO)])


def complaints(form: forms.Form) -> str:
    """All that is wrong, in one line, for a form that has no page of its own."""
    return " ".join(
        f"{form.fields[name].label or name.capitalize()}: {' '.join(map(str, errors))}"
        if name in form.fields
        else " ".join(map(str, errors))
        for name, errors in form.errors.items()
    )


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def end_of(day: Any) -> datetime | None:
    """The last second of that day; a day that is over is refused."""
    if day is None:
        return None
    end = day_ends(day)
    if end <= timezone.now():
        raise forms.ValidationError(f"Expected a day that is not over; found {day}.")
    return end
