"""The form of a Debian source: the .dsc and the files that it names, chosen together or here already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from transparency.services.deliver_source import ENDING
from transparency.services.stored_files import Received
from transparency.web.handing_form import HandingForm, ManyFilesField

if TYPE_CHECKING:
    from transparency.services.handed_files import Handed


class DeliverSourceForm(HandingForm):
    source_files = ManyFilesField(
        label="The .dsc and its files",
        help_text="All together: the .dsc, every file that it names, and signatures (.asc) beside them.",
        required=False,
        allow_empty_file=True,
    )
    stored = forms.MultipleChoiceField(
        label="And files that are here already", required=False, widget=forms.CheckboxSelectMultiple
    )
    field_order = ("version", "source_files", "stored", "key")

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if {"source_files", "stored"} & set(self.errors):
            return said
        given: list[Handed] = [self.arrived[pk] for pk in dict.fromkeys(said.get("stored", ()))]
        given += [Received(file.name, file) for file in said.get("source_files", ())]
        said["dsc"] = [file for file in given if file.name.endswith(ENDING)]
        said["others"] = [file for file in given if not file.name.endswith(ENDING)]
        if len(said["dsc"]) != 1:
            found = ", ".join(file.name for file in said["dsc"]) or "none"
            self.add_error("source_files", f"Choose one {ENDING} and its files. Found: {found}.")
        return said
