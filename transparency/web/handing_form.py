"""What every form that hands a delivery in has: the release, files that are here already, and a key that comes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from transparency.errors import EvidenceError
from transparency.models import TrustAnchor, Upload
from transparency.models.product import version_validator
from transparency.proofs.signatures.keys import key_from_text
from transparency.services.enrol_anchor import (
    DELIVERY_NAMESPACES,
    MAX_KEY_CHARACTERS,
    enrol_product_anchor,
    refuse_weak,
)
from transparency.web.key_forms import complaint

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from transparency.models import Person, Product

CHECK = "check"


class ManyFiles(forms.FileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Files of one input, in the order in which they came."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(ManyFilesField, self).clean(item, initial) for item in files]


class HandingForm(forms.Form):
    # What an SSH key that comes with it may sign.
    namespaces = DELIVERY_NAMESPACES

    version = forms.CharField(
        label="Release",
        help_text="Its version, such as 2.4.1. A version that is not there yet is made with the delivery.",
        max_length=100,
        validators=[version_validator],
        widget=forms.TextInput(
            attrs={"class": "tc-short", "list": "versions", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    key = forms.FileField(
        label="Public key",
        help_text=(
            "Delivering enrols it for this product, whatever becomes of the delivery. A check reckons with it and enrols nothing."
        ),
        required=False,
    )

    def __init__(self, *args: Any, product: Product, person: Person, fresh: bool, **kwargs: Any) -> None:
        """`fresh`: whether the person was proved a moment ago (session_times.py), as enrolling a key asks."""
        super().__init__(*args, **kwargs)
        self.product, self.person, self.fresh = product, person, fresh
        self.dry_run = self.data.get("do") == CHECK
        self.uploads = list(
            Upload.objects.filter(product=product, sender=person).select_related("product").order_by("-touched_at")
        )
        stored = [upload for upload in self.uploads if upload.state == Upload.State.STORED]
        self.fields["stored"].choices = [(str(upload.pk), upload.name) for upload in stored]  # type: ignore[attr-defined]
        self.arrived = {str(upload.pk): upload for upload in stored}

    @property
    def as_if(self) -> tuple[str, ...]:
        """The key that a check reckons with as if it were enrolled."""
        public = self.cleaned_data.get("public")
        return (public,) if public and self.dry_run else ()

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("key"):
            self._check_key(said)
        return said

    def _check_key(self, said: dict[str, Any]) -> None:
        if not self.dry_run and not self.fresh:
            self.add_error(
                "key", "Nothing was delivered: a key is enrolled only when you confirmed just now that it is you."
            )
            return
        try:
            said["public"] = small(said["key"], MAX_KEY_CHARACTERS).decode("utf-8", "replace")
            refuse_weak(said["public"])
            fingerprint = key_from_text(said["public"]).fingerprint
            if TrustAnchor.objects.filter(
                product=self.product, fingerprint=fingerprint, revoked_at__isnull=False
            ).exists():
                self.add_error("key", "This key was revoked here. Once revoked, a key is never enrolled again.")
        except EvidenceError as error:
            self.add_error("key", complaint(error))
        except forms.ValidationError as error:
            self.add_error("key", error)

    def enrol(self) -> bool:
        """Enrol the key that came with it, where one did and this is no check; False with the complaint in the form."""
        public = self.cleaned_data.get("public")
        if not public or self.dry_run:
            return True
        try:
            anchor = enrol_product_anchor(
                product=self.product, public_text=public, enrolled_by=self.person, namespaces=self.namespaces
            )
        except EvidenceError as error:
            self.add_error("key", complaint(error))
            return False
        if anchor.revoked_at:
            self.add_error("key", "This key was revoked here. Once revoked, a key is never enrolled again.")
            return False
        return True


def small(file: UploadedFile[Any], limit: int) -> bytes:
    if (file.size or 0) > limit:
        raise forms.ValidationError(f"Expected at most {limit:,} bytes; {file.name} has {file.size:,}.")
    data: bytes = file.read()
    return data


def told(upload: Upload) -> dict[str, Any]:
    """An upload as the page lists it."""
    done = upload.state == Upload.State.STORED
    return {"row": upload, "done": done, "percent": 100 if done else 100 * upload.received // upload.size}
