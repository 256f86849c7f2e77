"""A person's own public keys: what attestations are checked against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from transparency.errors import EvidenceError, sentence_for
from transparency.services.enrol_anchor import MAX_KEY_CHARACTERS, enrol_person_anchor
from transparency.web.access import signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class KeyForm(forms.Form):
    public = forms.CharField(
        label="Your public key",
        help_text="The line of an OpenSSH .pub file, a minisign .pub file, a PEM PUBLIC KEY, or an armoured OpenPGP certificate.",
        max_length=MAX_KEY_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off"}),
    )


@login_required
@require_http_methods(["GET", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    form = KeyForm(request.POST or None)
    person = signed_in(request)
    if request.method == "POST" and form.is_valid() and person.organisation:
        try:
            anchor = enrol_person_anchor(person=person, public_text=form.cleaned_data["public"], enrolled_by=person)
        except EvidenceError as error:
            form.add_error("public", f"{sentence_for(error.code)} Expected {error.expected}; found {error.found}.")
        else:
            messages.success(request, f"Enrolled {anchor.fingerprint}.")
            return redirect("keys")
    anchors = person.anchors.all()
    return render(
        request, "transparency/keys.html", {"form": form, "anchors": anchors}, status=422 if form.errors else 200
    )
