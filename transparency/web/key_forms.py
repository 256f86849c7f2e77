"""Forms about public keys: a key pasted or in a file, what it may sign, when it changes hands, why it is taken back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from transparency.errors import EvidenceError, sentence_for
from transparency.proofs.signatures.x509_anchor import TIME_STAMPS
from transparency.proofs.times import day_begins, day_ends
from transparency.services.checked_reason import MAX_REASON_CHARACTERS
from transparency.services.enrol_anchor import MAX_KEY_CHARACTERS, refuse_weak

NAMESPACES = (
    ("file", "file: archives and checksum lists, as “ssh-keygen -Y sign -n file” makes them"),
    ("git", "git: signed tags and commits"),
)
_CERTIFICATE = "-----BEGIN CERTIFICATE-----"
MOST_AHEAD = timedelta(days=3660)


def complaint(error: EvidenceError) -> str:
    """What is wrong with a key, in words, with what was expected and what was found."""
    parts = [sentence_for(error.code)]
    if error.expected:
        parts.append(f"Expected: {error.expected}.")
    if error.found:
        parts.append(f"Found: {error.found}.")
    return " ".join(parts)


class PublicKeyForm(forms.Form):
    """A key, pasted or as a file; exactly one of the two."""

    public = forms.CharField(
        label="Public key",
        help_text=(
            "The line of an OpenSSH .pub file, a minisign or signify .pub file, a PEM PUBLIC KEY, an armoured OpenPGP "
            "certificate, or a PEM CERTIFICATE (X.509) that vouches for the signers."
        ),
        max_length=MAX_KEY_CHARACTERS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off", "class": "tc-mono"}),
    )
    file = forms.FileField(label="Or its file", required=False, allow_empty_file=True)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        pasted, file = cleaned.get("public", ""), cleaned.get("file")
        if "public" in self.errors:
            return cleaned
        if bool(pasted) == bool(file):
            self.add_error("public", "Paste the key, or choose its file: one of the two.")
            return cleaned
        if file is not None and file.size > MAX_KEY_CHARACTERS:
            self.add_error(
                "file", f"A public key is at most {MAX_KEY_CHARACTERS:,} bytes; this file has {file.size:,}."
            )
            return cleaned
        text = self.said(file.read().decode("utf-8", "replace") if file else pasted)
        try:
            refuse_weak(text)
        except EvidenceError as error:
            self.add_error("public" if pasted else "file", complaint(error))
        cleaned["key"] = text
        return cleaned

    def said(self, text: str) -> str:
        """The key's text with what the form says beside it."""
        return text


class EnrolForm(PublicKeyForm):
    namespaces = forms.MultipleChoiceField(
        label="What an SSH key may sign",
        help_text="Other kinds of keys do not say what a signature is for.",
        choices=NAMESPACES,
        initial=["file"],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    valid_from = forms.DateField(
        label="Counts from", required=False, widget=forms.DateInput(attrs={"type": "date", "class": "tc-short"})
    )
    valid_until = forms.DateField(
        label="Counts until",
        help_text="Leave both empty when the vendor names no dates. Days are those of UTC.",
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "tc-short"}),
    )
    signer = forms.CharField(
        label="Whom a signer’s certificate must name",
        help_text=(
            "Only with an X.509 certificate. email:…, dns:… or uri:… as an alternative name, or subject:… whole (CN=…). Empty: anybody "
            "whom the certificate vouches for, so name the signer unless the authority is the vendor’s own."
        ),
        max_length=126,
        required=False,
    )
    time_stamps = forms.BooleanField(
        label="An X.509 certificate of a time-stamp authority: it vouches for times, and for no signer", required=False
    )
    field_order = ("public", "file", "signer", "time_stamps", "namespaces", "valid_from", "valid_until")

    def said(self, text: str) -> str:
        signer = self.cleaned_data.get("signer", "")
        if signer and self.cleaned_data.get("time_stamps"):
            self.add_error("time_stamps", "A time-stamp authority vouches for no signer: one of the two.")
        elif (signer or self.cleaned_data.get("time_stamps")) and _CERTIFICATE not in text:
            self.add_error("signer" if signer else "time_stamps", "This is said of X.509 certificates only.")
        elif signer:
            return f"signer: {signer}\n{text.strip()}"
        elif self.cleaned_data.get("time_stamps"):
            return f"{TIME_STAMPS}\n{text.strip()}"
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        start, end = cleaned.get("valid_from"), cleaned.get("valid_until")
        if start and end and end < start:
            self.add_error("valid_until", "The last day lies before the first.")
        if cleaned.get("key", "").lstrip().startswith(("ssh-", "ecdsa-", "sk-")) and not cleaned.get("namespaces"):
            self.add_error("namespaces", "An SSH key that may sign nothing is of no use here: choose at least one.")
        cleaned["from"] = day_begins(start) if start else None
        cleaned["until"] = day_ends(end) if end else None
        return cleaned


class RotateForm(PublicKeyForm):
    changes_on = forms.DateField(
        label="Day of the change",
        help_text="From its first second (UTC) the new key counts and the old one does not.",
        widget=forms.DateInput(attrs={"type": "date", "class": "tc-short"}),
    )
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=MAX_REASON_CHARACTERS,
        help_text="Kept and shown with the change.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    field_order = ("public", "file", "changes_on", "reason")

    def clean_changes_on(self) -> datetime:
        day = day_begins(self.cleaned_data["changes_on"])
        if day > timezone.now() + MOST_AHEAD:
            raise forms.ValidationError("That is more than ten years ahead.")
        return day


class RevokeForm(forms.Form):
    revocation = forms.ChoiceField(
        label="Why",
        choices=(
            (
                "compromised",
                "Compromised, or nobody knows: nothing that it signed counts any more, whenever it was signed",
            ),
            ("superseded", "Replaced by another key: what was logged before stays valid, nothing new is"),
            ("retired", "No longer used: what was logged before stays valid, nothing new is"),
        ),
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="Reason in words",
        max_length=MAX_REASON_CHARACTERS,
        help_text="Who found out what, and when. Kept and shown with the key.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    certain = forms.BooleanField(label="I mean this key, and I know that it cannot be enrolled again.")
    check_again = forms.BooleanField(
        label="Check all deliveries of this product again at once.", required=False, initial=True
    )
    field_order = ("revocation", "reason", "certain", "check_again")


class VendorRevokeForm(RevokeForm):
    """Of a key that counts for all products: the same, and all that it signed is checked again."""

    check_again = forms.BooleanField(
        label="Check again all products of which it signed deliveries.", required=False, initial=True
    )


class PersonRevokeForm(forms.Form):
    """Of an auditor's key: what becomes of the statements that it signed."""

    revocation = forms.ChoiceField(
        label="Why",
        choices=(
            (
                "compromised",
                "Lost or compromised, somebody else may have it: no statement that it signed counts any more, whenever it was signed",
            ),
            (
                "retired",
                "No longer used, or destroyed, and nobody else ever had it: what was logged before stays valid, nothing new is",
            ),
        ),
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="Reason in words",
        max_length=MAX_REASON_CHARACTERS,
        help_text="Who found out what, and when. Kept, and shown to the person and to the operator.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    certain = forms.BooleanField(label="I mean this key, and I know that it cannot be enrolled again.")
