"""A person's own public keys: what attestations are checked against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from transparency.errors import EvidenceError, sentence_for
from transparency.models import Organisation
from transparency.services.enrol_anchor import MAX_KEY_CHARACTERS, enrol_person_anchor
from transparency.web.access import refuse, signed_in
from transparency.web.step_up import fresh_sign_in_to_send

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from transparency.models import Person


class KeyForm(forms.Form):
    public = forms.CharField(
        label="Your public key",
        help_text=(
            "The line of an OpenSSH .pub file, a minisign .pub file, a PEM PUBLIC KEY, or an armoured OpenPGP "
            "certificate."
        ),
        max_length=MAX_KEY_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off", "class": "tc-mono"}),
    )

    def enrol(self, person: Person) -> str | None:
        """The fingerprint of the enrolled key, or None with the complaint in the form."""
        try:
            anchor = enrol_person_anchor(person=person, public_text=self.cleaned_data["public"], enrolled_by=person)
        except EvidenceError as error:
            self.add_error("public", f"{sentence_for(error.code)} Expected {error.expected}; found {error.found}.")
            return None
        if anchor.revoked_at:
            self.add_error("public", "This key was revoked here. Once revoked, a key is never enrolled again.")
            return None
        return anchor.fingerprint


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in_to_send
def keys(request: HttpRequest) -> HttpResponse:
    person = signed_in(request)
    if person.organisation is None or person.organisation.kind != Organisation.Kind.AUTHORITY:
        refuse("Keys of people are kept for auditors: only people of an authority sign statements here.")
    form = KeyForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and (fingerprint := form.enrol(person)):
        messages.success(request, f"Enrolled {fingerprint}. Compare it with the one your own tool prints.")
        return redirect("keys")
    anchors = person.anchors.order_by("revoked_at", "enrolled_at")
    context = {"form": form, "anchors": anchors, "private": True}
    return render(request, "transparency/keys.html", context, status=422 if form.errors else 200)
