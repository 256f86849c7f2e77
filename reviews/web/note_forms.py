"""What people fill in about notes. Fields only."""

from __future__ import annotations

from typing import Any

from django import forms

from reviews.models import Note
from reviews.services.write_note import MAX_NOTE_CHARS
from reviews.web.forms import PathField, area


class TextForm(forms.Form):
    """A reply, or what a note says from now on."""

    text = forms.CharField(
        max_length=MAX_NOTE_CHARS,
        label="Text",
        help_text="Markdown: *emphasis*, `code`, lists, quotes, links. Images and HTML stay text.",
        widget=area(6),
    )


class NoteForm(forms.Form):
    path = PathField(required=False)
    start = forms.IntegerField(min_value=0, label="From line", required=False)
    end = forms.IntegerField(min_value=0, label="To line", required=False)
    about = forms.ChoiceField(choices=Note.About.choices, required=False)
    visibility = forms.ChoiceField(choices=Note.Visibility.choices, required=False, label="Who reads it")
    text = forms.CharField(max_length=MAX_NOTE_CHARS, label="Note")

    def clean(self) -> dict[str, Any]:
        """Lines are of a note on lines alone; the whole source has no path."""
        said: dict[str, Any] = super().clean() or {}
        said["about"] = said.get("about") or Note.About.REGION
        said["visibility"] = said.get("visibility") or Note.Visibility.AUTHORITY
        on_lines = said["about"] == Note.About.REGION
        if on_lines and not (said.get("start") and said.get("end")):
            raise forms.ValidationError("Expected the lines that it is about.")
        if not on_lines:
            said["start"] = said["end"] = 0
        if said["about"] == Note.About.SNAPSHOT:
            said["path"] = ""
        return said


class ShareForm(forms.Form):
    visibility = forms.ChoiceField(choices=Note.Visibility.choices, label="Who reads it")
    confirmed = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
