"""The forms of a statement: what the auditor says, and what comes back signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from reviews.rules.predicate import Words
from reviews.services.freeze_statement import DEFAULT_WORDS
from reviews.web.forms import area, end_of, lines_of
from transparency.errors import EvidenceError, sentence_for
from transparency.models import TrustAnchor
from transparency.proofs.attest.dsse import MAX_ENVELOPE_BYTES

if TYPE_CHECKING:
    from datetime import datetime

    from transparency.models import Person

CONCLUSIONS = (
    ("no-unexplained", "no-unexplained: nothing in what I read is left unexplained"),
    ("concerns", "concerns: I have concerns, which the limits or my report name"),
    ("violation", "violation: I found a violation"),
    ("abstain", "abstain: I do not conclude"),
)
_SIGN_NO_STATEMENTS = (TrustAnchor.Format.SIGNIFY, TrustAnchor.Format.X509)


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
        usable = person.anchors.exclude(format__in=_SIGN_NO_STATEMENTS).filter(revoked_at__isnull=True)
        self.fields["anchor"].queryset = usable  # type: ignore[attr-defined]
        self.fields["anchor"].label_from_instance = lambda key: f"{key.get_format_display()} {key.fingerprint}"  # type: ignore[attr-defined]

    def clean_valid_until(self) -> datetime | None:
        return end_of(self.cleaned_data["valid_until"])

    def complain(self, error: EvidenceError) -> None:
        """Beside the field that it is about, where there is one."""
        field = error.subject if error.subject in self.fields else None
        found = error.found or "something else"
        self.add_error(field, f"{sentence_for(error.code)} Expected {error.expected}; found {found}. ({error.code})")

    @property
    def words(self) -> Words:
        said = self.cleaned_data
        return Words(
            role=said["role"],
            independence=said["independence"],
            method=tuple(lines_of(said["method"])),
            thoroughness=said["thoroughness"],
            understanding=said["understanding"],
            limitations=tuple(lines_of(said["limitations"])),
        )


class EnvelopeForm(forms.Form):
    """What comes back signed, in one of two ways: a file, or text that was pasted."""

    envelope = forms.FileField(
        label="The envelope, or the signature",
        required=False,
        help_text="The file that was written: an envelope (.dsse.json), or a signature (.sig, .minisig, .asc).",
        widget=forms.FileInput(),
    )
    pasted = forms.CharField(
        label="Or paste it",
        required=False,
        help_text="The whole signature with its first and last line, or the whole envelope. Of openssl the signature in base64.",
        max_length=MAX_ENVELOPE_BYTES,
        widget=area(4, spellcheck="false", autocomplete="off", **{"class": "tc-mono"}),
    )

    def clean_envelope(self) -> bytes:
        upload = self.cleaned_data["envelope"]
        if upload is None:
            return b""
        if upload.size > MAX_ENVELOPE_BYTES:
            raise forms.ValidationError(f"Expected at most {MAX_ENVELOPE_BYTES} bytes; found {upload.size}.")
        data: bytes = upload.read()
        return data

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        pasted = str(said.get("pasted", "")).encode()
        if not self.errors and bool(said.get("envelope")) == bool(pasted):
            found = "both" if pasted else "neither"
            self.add_error("envelope", f"Expected a file or pasted text; found {found}.")
        return {**said, "handed": said.get("envelope") or pasted}


def _with_initial(data: Any, fields: dict[str, forms.Field]) -> dict[str, Any]:
    given = {name: data[name] for name in fields if name in data}
    return {name: field.initial for name, field in fields.items() if field.initial is not None} | given
