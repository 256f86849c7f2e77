"""What people fill in. Fields only; what is written where is the services' business."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.utils import timezone

from reviews.rules.coverage import LEVELS

UNDO = "unmark"


def area(rows: int, **more: str) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **more})


class RegionForm(forms.Form):
    path = forms.CharField(max_length=12_288, strip=False)
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
    end = datetime.combine(day, time(23, 59, 59), UTC)
    if end <= timezone.now():
        raise forms.ValidationError(f"Expected a day that is not over; found {day}.")
    return end
