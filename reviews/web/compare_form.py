"""Which two sources are to be compared: among the admitted deliveries that the person may read, in two lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError

from reviews.web.access import Readable
from transparency.errors import EvidenceError
from transparency.models import Delivery, Release
from transparency.permissions import known_releases
from transparency.proofs.escaping import escape_path
from transparency.services.compare_snapshots import MAX_FOLDER_CHARACTERS, Wanted
from transparency.web.verdict_words import ROLES

if TYPE_CHECKING:
    from transparency.models import Person

CHOICES = 500
_FOLDER = "Optional: a folder of it, such as src. Only what lies in it is compared."


class CompareForm(forms.Form):
    """`wanted` after `is_valid`."""

    first = forms.TypedChoiceField(
        label="As it was written", help_text="A signed tag, an upstream archive, an older release.", coerce=int
    )
    first_below = forms.CharField(
        label="Folder of the first", help_text=_FOLDER, max_length=MAX_FOLDER_CHARACTERS, required=False
    )
    second = forms.TypedChoiceField(
        label="As it was shipped",
        help_text="What people got: a release archive, a distribution's source, a newer release.",
        coerce=int,
    )
    second_below = forms.CharField(
        label="Folder of the second", help_text=_FOLDER, max_length=MAX_FOLDER_CHARACTERS, required=False
    )

    def __init__(self, data: Any, *, initial: dict[str, Any], person: Person) -> None:
        super().__init__(data, initial=initial)
        self._sources = readable_sources(person)
        choices = [("", "Choose a source"), *((each.pk, name_of(each)) for each in self._sources.values())]
        for name in ("first", "second"):
            self.fields[name].choices = choices  # type: ignore[attr-defined] # a field with choices

    def clean_first_below(self) -> str:
        return _folder(self.cleaned_data["first_below"])

    def clean_second_below(self) -> str:
        return _folder(self.cleaned_data["second_below"])

    def wanted(self) -> Wanted:
        """The two snapshots and folders that were chosen."""
        given = self.cleaned_data
        first, second = self._sources[given["first"]].snapshot, self._sources[given["second"]].snapshot
        if first is None or second is None:
            raise AssertionError("only deliveries with a snapshot are offered")
        return Wanted(first, second, given["first_below"], given["second_below"])

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        same = given.get("first") and given.get("first") == given.get("second")
        if same and given.get("first_below") == given.get("second_below"):
            raise ValidationError("These are the same. Choose two sources, or two folders.", code="same")
        return given


def readable_sources(person: Person) -> dict[int, Delivery]:
    """Deliveries by their number, of releases of which the person may read something; the newest where there are too many."""
    rows = Delivery.objects.filter(state=Delivery.State.ADMITTED, snapshot__isnull=False)
    rows = rows.filter(release__in=Release.objects.filter(known_releases(person)))
    newest = rows.select_related("release__product__vendor", "snapshot__product").order_by("-pk")[:CHOICES]
    readable: dict[int, bool] = {}
    for row in newest:
        if row.release_id not in readable:
            readable[row.release_id] = Readable(person, row.release).folder("")
    kept = [row for row in newest if readable[row.release_id]]
    kept.sort(key=lambda row: (row.release.product.name, row.release.version, row.pk))
    return {row.pk: row for row in kept}


def name_of(row: Delivery) -> str:
    """A delivery as the lists show it."""
    role = ROLES.get(row.role, row.role)
    return f"{row.release.product.name} {row.release.version}: {role} ({row.archive_name})"


def _folder(text: str) -> str:
    """The folder as manifests write it."""
    try:
        return escape_path(text.strip().strip("/").encode())
    except (EvidenceError, UnicodeEncodeError) as error:
        raise ValidationError("This is not a folder as trees here can have them.", code="folder-malformed") from error
