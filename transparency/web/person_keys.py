"""A person's keys after enrolling: replaced by the person, taken back by the person or, where they cannot, by the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from transparency.errors import EvidenceError
from transparency.permissions import Right, may
from transparency.services.replace_person_key import replace_person_key
from transparency.services.revoke_person_key import revoke_person_key
from transparency.web.access import refuse, signed_in
from transparency.web.key_forms import PersonRevokeForm, PublicKeyForm, complaint
from transparency.web.people import person_or_404
from transparency.web.step_up import fresh_sign_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from transparency.models import Person, TrustAnchor

FORM_METHODS = ("GET", "HEAD", "POST")


@login_required
@never_cache
@require_http_methods(FORM_METHODS)
@fresh_sign_in
def replace(request: HttpRequest, identity: int) -> HttpResponse:
    person = signed_in(request)
    anchor = _anchor_or_404(person, identity)
    given = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = PublicKeyForm(*given)
    if form.is_valid() and (new := _replace(anchor, form, person)):
        messages.success(request, f"From now on {new.fingerprint} counts. What the key before it signed stays valid.")
        return redirect("keys")
    context = {"anchor": anchor, "form": form}
    return render(request, "transparency/person_key_replace.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(FORM_METHODS)
@fresh_sign_in
def revoke_own(request: HttpRequest, identity: int) -> HttpResponse:
    person = signed_in(request)
    return _revoke(request, person, _anchor_or_404(person, identity))


@login_required
@never_cache
@require_http_methods(FORM_METHODS)
@fresh_sign_in
def revoke(request: HttpRequest, username: str, identity: int) -> HttpResponse:
    person = person_or_404(request, username)
    if not may(request.user, Right.OPERATE, None):
        refuse("A person's key is taken back by that person, on the page of their own keys, and by the operator.")
    return _revoke(request, person, _anchor_or_404(person, identity))


def _anchor_or_404(person: Person, identity: int) -> TrustAnchor:
    anchor = person.anchors.filter(pk=identity).first()
    if anchor is None:
        raise Http404
    return anchor


def _replace(anchor: TrustAnchor, form: PublicKeyForm, person: Person) -> TrustAnchor | None:
    try:
        return replace_person_key(anchor=anchor, public_text=form.cleaned_data["key"], by=person)
    except EvidenceError as error:
        form.add_error("public" if form.cleaned_data.get("public") else "file", complaint(error))
        return None


def _revoke(request: HttpRequest, person: Person, anchor: TrustAnchor) -> HttpResponse:
    viewer = signed_in(request)
    own = viewer.pk == person.pk
    form = PersonRevokeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _revoked(anchor, form, viewer):
        messages.success(request, "Revoked. The key stays in the list with its reason; it can never be enrolled again.")
        return redirect("keys") if own else redirect("person", person.get_username())
    context = {"person": person, "anchor": anchor, "form": form, "own": own}
    return render(request, "transparency/person_key_revoke.html", context, status=422 if form.errors else 200)


def _revoked(anchor: TrustAnchor, form: PersonRevokeForm, by: Person) -> bool:
    said = form.cleaned_data
    try:
        revoke_person_key(anchor=anchor, revocation=said["revocation"], reason=said["reason"], by=by)
    except EvidenceError as error:
        form.add_error(None, complaint(error))
        return False
    return True
