"""The form of a git repository: a bundle or an archived bare repository, and the one tag or commit that is to be imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from transparency.errors import UnusableInputError
from transparency.proofs.signatures.keys import GIT_NAMESPACE
from transparency.proofs.sources.gitobject import Wanted
from transparency.services.receive_git import check_wanted
from transparency.services.stored_files import Received
from transparency.web.handing_form import HandingForm
from transparency.web.key_forms import complaint

if TYPE_CHECKING:
    from transparency.models import Upload

_TYPED = {"class": "tc-mono", "autocomplete": "off", "spellcheck": "false"}


class DeliverGitForm(HandingForm):
    namespaces = (GIT_NAMESPACE,)

    archive = forms.FileField(
        label="Repository",
        help_text="What “git bundle create NAME.bundle --all” writes; or a bare repository in a tar.",
        required=False,
        allow_empty_file=True,
    )
    stored = forms.ChoiceField(label="Or a file that is here already", required=False, widget=forms.RadioSelect)
    tag = forms.CharField(
        label="Signed tag",
        help_text="Its name, such as v2.4.1. It has to be the name that was signed.",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs=_TYPED),
    )
    commit = forms.CharField(
        label="Or a signed commit",
        help_text="Its whole name, 40 or 64 digits.",
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs=_TYPED),
    )
    field_order = ("version", "archive", "stored", "tag", "commit", "key")

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if bool(said.get("archive")) == bool(said.get("stored")) and not {"archive", "stored"} & set(self.errors):
            message = "Choose one file, not two." if said.get("archive") else "Choose the repository."
            self.add_error("archive", message)
        if not {"tag", "commit"} & set(self.errors):
            said["wanted"] = Wanted(tag=said.get("tag") or None, commit=said.get("commit") or None)
            try:
                check_wanted(said["wanted"])
            except UnusableInputError as error:
                self.add_error(
                    "commit" if said["wanted"].commit and not said["wanted"].tag else "tag", complaint(error)
                )
        return said

    def handed(self) -> Upload | Received:
        """The repository: an upload that has arrived, or what came with the form."""
        file = self.cleaned_data["archive"]
        return Received(file.name, file) if file else self.arrived[self.cleaned_data["stored"]]
