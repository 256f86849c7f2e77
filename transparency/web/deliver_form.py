"""The form of a delivery, and how its files reach the disk: in the product's own compartment, never in a folder that others read."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from transparency.errors import EvidenceError
from transparency.gateways.durable import disk_weather
from transparency.models import Upload
from transparency.models.product import version_validator
from transparency.services.enrol_anchor import MAX_KEY_CHARACTERS, enrol_product_anchor, refuse_weak
from transparency.services.receive_delivery import MAX_LIST_BYTES, MAX_SIGNATURE_BYTES, MAX_SIGNATURES
from transparency.services.stored_files import Received
from transparency.services.stores import objects
from transparency.web.key_forms import complaint

if TYPE_CHECKING:
    from django.http import HttpRequest

    from transparency.models import Person, Product

MAX_FORM_BYTES = 512 * 1024**2
# Boundaries, the other fields and small files beside the archive.
FORM_ALLOWANCE_BYTES = 20 * 1024**2
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


class ManyFiles(forms.FileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Files of one input, in the order in which they came."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(ManyFilesField, self).clean(item, initial) for item in files]


class DeliverForm(forms.Form):
    version = forms.CharField(
        label="Release",
        help_text="Its version, such as 2.4.1. A version that is not there yet is made with the delivery.",
        max_length=100,
        validators=[version_validator],
        widget=forms.TextInput(
            attrs={"class": "tc-short", "list": "versions", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    archive = forms.FileField(
        label="Archive",
        help_text="Exactly as it is published: .tar, .tar.gz, .tar.bz2, .tar.xz, .tar.zst or .zip.",
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
    role = forms.ChoiceField(
        label="What it is",
        choices=ROLES,
        initial="release-archive",
        required=False,
        widget=forms.Select,
    )
    key = forms.FileField(
        label="Public key",
        help_text="Counts for this product from now on, whatever becomes of this delivery; a check needs it too.",
        required=False,
    )
    password = forms.CharField(
        label="Your password",
        help_text="Asked with a key, because that changes whose signatures count.",
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "class": "tc-short"}),
    )

    def __init__(self, *args: Any, product: Product, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.product, self.person = product, person
        self.uploads = list(
            Upload.objects.filter(product=product, sender=person).select_related("product").order_by("-touched_at")
        )
        stored = [upload for upload in self.uploads if upload.state == Upload.State.STORED]
        self.fields["stored"].choices = [(str(upload.pk), upload.name) for upload in stored]  # type: ignore[attr-defined]
        self.arrived = {str(upload.pk): upload for upload in stored}

    def clean_signatures(self) -> list[bytes]:
        files = self.cleaned_data["signatures"]
        if len(files) > MAX_SIGNATURES:
            raise forms.ValidationError(f"Expected at most {MAX_SIGNATURES} files; found {len(files)}.")
        return [_small(file, MAX_SIGNATURE_BYTES) for file in files]

    def clean_checksums(self) -> Any:
        file = self.cleaned_data["checksums"]
        if file is not None and file.size > MAX_LIST_BYTES:
            raise forms.ValidationError(f"Expected at most {MAX_LIST_BYTES:,} bytes; found {file.size:,}.")
        return file

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if bool(said.get("archive")) == bool(said.get("stored")) and not {"archive", "stored"} & set(self.errors):
            self.add_error("archive", "Choose the archive." if not said.get("archive") else "Choose one file, not two.")
        over, listing = said.get("over") or "archive", said.get("checksums")
        if over == "checksums" and not listing and "checksums" not in self.errors:
            self.add_error("checksums", "Choose the list that was signed.")
        if over != "checksums" and listing:
            self.add_error("over", "A list was chosen: say that the list is what was signed, or take it away.")
        if said.get("key"):
            self._check_key(said)
        return said

    def _check_key(self, said: dict[str, Any]) -> None:
        if not self.person.check_password(said.get("password", "")):
            self.add_error("password", "That is not your password.")
        try:
            said["public"] = _small(said["key"], MAX_KEY_CHARACTERS).decode("utf-8", "replace")
            refuse_weak(said["public"])
        except EvidenceError as error:
            self.add_error("key", complaint(error))
        except forms.ValidationError as error:
            self.add_error("key", error)

    def enrol(self) -> bool:
        """Enrol the key that came with it, where one did; False with the complaint in the form."""
        public = self.cleaned_data.get("public")
        if not public:
            return True
        try:
            anchor = enrol_product_anchor(product=self.product, public_text=public, enrolled_by=self.person)
        except EvidenceError as error:
            self.add_error("key", complaint(error))
            return False
        if anchor.revoked_at:
            self.add_error("key", "This key was revoked here. Once revoked, a key is never enrolled again.")
            return False
        return True

    def handed(self) -> Upload | Received:
        """The archive: an upload that has arrived, or what came with the form."""
        file = self.cleaned_data["archive"]
        return Received(file.name, file) if file else self.arrived[self.cleaned_data["stored"]]

    def listing(self) -> Received | None:
        file = self.cleaned_data["checksums"]
        return Received(file.name, file) if file else None


def _small(file: UploadedFile[Any], limit: int) -> bytes:
    if (file.size or 0) > limit:
        raise forms.ValidationError(f"Expected at most {limit:,} bytes; {file.name} has {file.size:,}.")
    data: bytes = file.read()
    return data


class ScratchHandler(FileUploadHandler):
    """Files of a form, each into a nameless file of the product's compartment, gone when the request is."""

    def __init__(self, request: HttpRequest, product: Product) -> None:
        super().__init__(request)
        self._folder = objects().scratch(product.store_key)

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        with disk_weather():
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - Django closes it with the request

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002 - Django's signature
        with disk_weather():
            self._file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[Any]:
        with disk_weather():
            self._file.seek(0)
        return UploadedFile(
            self._file, self.file_name, self.content_type, file_size, self.charset, self.content_type_extra
        )


def told(upload: Upload) -> dict[str, Any]:
    """An upload as the page lists it."""
    done = upload.state == Upload.State.STORED
    return {"row": upload, "done": done, "percent": 100 if done else 100 * upload.received // upload.size}
