"""The form of a delivery: an archive, its signatures, and what was signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from transparency.proofs.sbom.document import MAX_SBOM_BYTES
from transparency.services.receive_delivery import MAX_LIST_BYTES, MAX_SIGNATURE_BYTES, MAX_SIGNATURES
from transparency.services.stored_files import Received
from transparency.web.handing_form import HandingForm, ManyFilesField, small

if TYPE_CHECKING:
    from transparency.models import Upload

OVER = (
    ("archive", "The archive itself, as it is published"),
    ("checksums", "A checksum list that names the archive, such as SHA256SUMS"),
    ("decompressed", "The tar inside the archive, before it was compressed"),
)
ROLES = (
    ("release-archive", "The archive of the release"),
    ("upstream", "The archive of the original authors"),
    ("distribution", "A distribution's source, its patches not applied"),
    ("patched", "A distribution's source with its patches applied"),
)


class DeliverForm(HandingForm):
    archive = forms.FileField(
        label="Archive",
        help_text="Exactly as it is published: .tar, .tar.gz, .tar.bz2, .tar.xz, .tar.zst, .zip or .src.rpm.",
        required=False,
        allow_empty_file=True,
    )
    stored = forms.ChoiceField(label="Or a file that is here already", required=False, widget=forms.RadioSelect)
    signatures = ManyFilesField(
        label="Signatures",
        help_text=f"Detached, of any kind that the keys are of; up to {MAX_SIGNATURES} files. Without one nothing is valid.",
        required=False,
        allow_empty_file=True,
    )
    over = forms.ChoiceField(
        label="What was signed", choices=OVER, initial="archive", required=False, widget=forms.RadioSelect
    )
    checksums = forms.FileField(
        label="Checksum list",
        help_text="Only where the list is what was signed. It has to name the archive by its file name.",
        required=False,
        allow_empty_file=True,
    )
    sbom = forms.FileField(
        label="Bill of materials",
        help_text="SPDX 2.3, SPDX 3.0 or CycloneDX 1.6, as JSON. Compared with the source once that is admitted, and never a verdict.",
        required=False,
        allow_empty_file=True,
    )
    role = forms.ChoiceField(
        label="What it is",
        choices=ROLES,
        initial="release-archive",
        required=False,
        widget=forms.Select,
    )
    field_order = ("version", "archive", "stored", "signatures", "over", "checksums", "role", "sbom", "key")

    def clean_signatures(self) -> list[bytes]:
        files = self.cleaned_data["signatures"]
        if len(files) > MAX_SIGNATURES:
            raise forms.ValidationError(f"Expected at most {MAX_SIGNATURES} files; found {len(files)}.")
        return [small(file, MAX_SIGNATURE_BYTES) for file in files]

    def clean_checksums(self) -> Any:
        file = self.cleaned_data["checksums"]
        if file is not None and file.size > MAX_LIST_BYTES:
            raise forms.ValidationError(f"Expected at most {MAX_LIST_BYTES:,} bytes; found {file.size:,}.")
        return file

    def clean_sbom(self) -> Any:
        file = self.cleaned_data["sbom"]
        if file is not None and file.size > MAX_SBOM_BYTES:
            raise forms.ValidationError(f"Expected at most {MAX_SBOM_BYTES:,} bytes; found {file.size:,}.")
        return file

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if bool(said.get("archive")) == bool(said.get("stored")) and not {"archive", "stored"} & set(self.errors):
            self.add_error("archive", "Choose the archive." if not said.get("archive") else "Choose one file, not two.")
        over, listing = said.get("over") or "archive", said.get("checksums")
        if over == "checksums" and not listing and "checksums" not in self.errors:
            self.add_error("checksums", "Choose the list that was signed.")
        if over != "checksums" and listing:
            self.add_error("over", "A list was chosen: say that the list is what was signed, or take it away.")
        return said

    def handed(self) -> Upload | Received:
        """The archive: an upload that has arrived, or what came with the form."""
        file = self.cleaned_data["archive"]
        return Received(file.name, file) if file else self.arrived[self.cleaned_data["stored"]]

    def beside(self, name: str) -> Received | None:
        """The checksum list or the bill of materials, where one came with the form."""
        file = self.cleaned_data[name]
        return Received(file.name, file) if file else None
