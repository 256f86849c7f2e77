"""One person: who it is, what they may, their keys; for the operator also closing the account and opening it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from transparency.errors import EvidenceError
from transparency.memberships import grants_of_person, may_see_person
from transparency.models import Person
from transparency.permissions import Right, may
from transparency.registries import person_facts
from transparency.services.close_account import close_account
from transparency.services.reopen_account import reopen_account
from transparency.web.access import refuse, signed_in
from transparency.web.key_forms import complaint
from transparency.web.organisation_forms import CloseForm, ReasonForm
from transparency.web.step_up import fresh_sign_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

FORM_METHODS = ("GET", "HEAD", "POST")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD"])
def person(request: HttpRequest, username: str) -> HttpResponse:
    row = person_or_404(request, username)
    viewer = signed_in(request)
    may_operate = may(viewer, Right.OPERATE, None)
    private = may_operate or viewer.pk == row.pk
    context = {
        "row": row,
        "grants": grants_of_person(viewer, row),
        "anchors": row.anchors.order_by("revoked_at", "enrolled_at"),
        "changes": row.account_changes.select_related("by") if private else [],
        "facts": [fact(row) for fact in person_facts] if private else [],
        "private": private,
        "own": viewer.pk == row.pk,
        "may_operate": may_operate,
    }
    return render(request, "transparency/person.html", context)


@login_required
@never_cache
@require_http_methods(FORM_METHODS)
@fresh_sign_in
def close(request: HttpRequest, username: str) -> HttpResponse:
    return _change(request, username, closing=True)


@login_required
@never_cache
@require_http_methods(FORM_METHODS)
@fresh_sign_in
def reopen(request: HttpRequest, username: str) -> HttpResponse:
    return _change(request, username, closing=False)


def person_or_404(request: HttpRequest, username: str) -> Person:
    row = Person.objects.select_related("organisation").filter(username=username).first()
    if row is None or not may_see_person(signed_in(request), row):
        raise Http404
    return row


def _change(request: HttpRequest, username: str, *, closing: bool) -> HttpResponse:
    row, viewer = person_or_404(request, username), signed_in(request)
    if not may(viewer, Right.OPERATE, None):
        refuse("Accounts are closed and opened by the operator.")
    form = (CloseForm if closing else ReasonForm)(request.POST if request.method == "POST" else None)
    if form.is_valid() and _done(row, form, viewer, closing=closing):
        messages.success(request, "Closed. Every session of theirs has ended." if closing else "Open again.")
        return redirect("person", row.get_username())
    context = {
        "row": row,
        "form": form,
        "closing": closing,
        "moot": row.is_active != closing,
        "own": viewer.pk == row.pk,
    }
    return render(request, "transparency/account_change.html", context, status=422 if form.errors else 200)


def _done(row: Person, form: ReasonForm, by: Person, *, closing: bool) -> bool:
    try:
        (close_account if closing else reopen_account)(person=row, reason=form.cleaned_data["reason"], by=by)
    except EvidenceError as error:
        form.add_error(None, complaint(error))
        return False
    return True
