"""Organisations: the operator's list of all, and the page of one with its people, invitations, rights, keys and products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from transparency.errors import EvidenceError
from transparency.memberships import (
    grants_of_organisation,
    keys_of_people,
    may_see_organisation,
    organisations_with_counts,
    products_of,
)
from transparency.models import Organisation
from transparency.permissions import Right, may
from transparency.queries import vendor_anchors
from transparency.services.create_organisation import create_organisation
from transparency.services.invite_person import invite_person, open_invitations
from transparency.services.rename_organisation import rename_organisation
from transparency.services.withdraw_invitation import withdraw_invitation
from transparency.web.access import refuse, signed_in
from transparency.web.key_forms import complaint
from transparency.web.organisation_forms import InviteForm, NameForm, OrganisationForm
from transparency.web.step_up import fresh_sign_in, fresh_sign_in_to_send

if TYPE_CHECKING:
    from django import forms
    from django.http import HttpRequest, HttpResponse

FORM_METHODS = ("GET", "HEAD", "POST")


@login_required
@never_cache
@require_http_methods(FORM_METHODS)
@fresh_sign_in_to_send
def organisations(request: HttpRequest) -> HttpResponse:
    person = signed_in(request)
    if not may(person, Right.OPERATE, None):
        refuse("The list of organisations is the operator's.")
    form = OrganisationForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and (made := _create(request, form)):
        messages.success(request, f"Entered {made.name}. Nobody is in it yet: invite its first person.")
        return redirect("organisation", made.slug)
    context = {"organisations": organisations_with_counts(), "form": form}
    return render(request, "transparency/organisations.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD"])
def organisation(request: HttpRequest, organisation: str) -> HttpResponse:
    return _page(request, organisation_or_404(request, organisation), InviteForm())


@login_required
@never_cache
@require_http_methods(FORM_METHODS)
def rename(request: HttpRequest, organisation: str) -> HttpResponse:
    row = _operators_organisation(request, organisation)
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": row.name})
    if form.is_valid():
        rename_organisation(organisation=row, name=form.cleaned_data["name"], by=signed_in(request))
        messages.success(request, "Renamed. Records and the log go on naming it by its slug.")
        return redirect("organisation", row.slug)
    context = {"row": row, "form": form}
    return render(request, "transparency/organisation_rename.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_POST
@fresh_sign_in
def invite(request: HttpRequest, organisation: str) -> HttpResponse:
    """The answer is the one page that shows the link."""
    row = _operators_organisation(request, organisation)
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form)
    invitation, secret = invite_person(organisation=row, name=form.cleaned_data["name"], by=signed_in(request))
    return _page(request, row, InviteForm(), invited=(invitation, secret))


@login_required
@require_POST
def withdraw(request: HttpRequest, organisation: str, identity: int) -> HttpResponse:
    row = _operators_organisation(request, organisation)
    invitation = row.invitations.filter(pk=identity).first()
    if invitation is None:
        raise Http404
    try:
        withdraw_invitation(invitation=invitation, by=signed_in(request))
    except EvidenceError as error:
        messages.error(request, complaint(error))
    else:
        messages.success(request, f"Withdrawn: the link for {invitation.name} leads nowhere any more.")
    return redirect("organisation", row.slug)


def organisation_or_404(request: HttpRequest, slug: str) -> Organisation:
    """For the operator and its own people; to everybody else it is as if it did not exist."""
    row = Organisation.objects.filter(slug=slug).first()
    if row is None or not may_see_organisation(signed_in(request), row):
        raise Http404
    return row


def _operators_organisation(request: HttpRequest, slug: str) -> Organisation:
    row = organisation_or_404(request, slug)
    if not may(request.user, Right.OPERATE, None):
        refuse("People are let in, and organisations named, by the operator alone.")
    return row


def _create(request: HttpRequest, form: OrganisationForm) -> Organisation | None:
    said = form.cleaned_data
    try:
        return create_organisation(slug=said["slug"], name=said["name"], kind=said["kind"], by=signed_in(request))
    except EvidenceError as error:
        form.add_error("slug" if error.code == "slug-taken" else "name", complaint(error))
        return None


def _page(
    request: HttpRequest, row: Organisation, form: forms.Form, *, invited: tuple[Any, str] | None = None
) -> HttpResponse:
    viewer = signed_in(request)
    context = {
        "row": row,
        "form": form,
        "invited": invited,
        "people": row.people.order_by("-is_active", "username"),
        "invitations": open_invitations().filter(organisation=row).select_related("invited_by"),
        "grants": grants_of_organisation(viewer, row),
        "keys": keys_of_people(row),
        "vendor_key_count": vendor_anchors(row).count(),
        "products": products_of(viewer, row),
        "may_operate": may(viewer, Right.OPERATE, None),
        "own": viewer.organisation_id == row.pk,
        "link": _link(request, invited[1]) if invited else "",
    }
    return render(request, "transparency/organisation.html", context, status=422 if form.errors else 200)


def _link(request: HttpRequest, secret: str) -> str:
    return request.build_absolute_uri(reverse("invitation", args=[secret]))
