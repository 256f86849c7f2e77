"""Prepare a statement: the form, what it would say, and freezing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from reviews.permissions import is_member, require_member, require_running
from reviews.services.freeze_statement import freeze_statement
from reviews.web.access import engagement_or_404
from reviews.web.preview import preview_of
from reviews.web.statement_forms import StatementForm
from transparency.errors import EvidenceError, sentence_for
from transparency.web.access import refuse, signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from reviews.models import Engagement, Statement
    from transparency.models import Person


@login_required
@never_cache
@require_safe
def new(request: HttpRequest, identity: int) -> HttpResponse:
    engagement, person = _own_engagement(request, identity), signed_in(request)
    try:
        require_member(person, engagement)
        require_running(engagement)
    except EvidenceError as error:
        messages.error(request, f"{sentence_for(error.code)} ({error.code})")
        return redirect("engagement", engagement.pk)
    return _form_page(request, engagement, StatementForm(person=person))


@login_required
@never_cache
@require_POST
def freeze(request: HttpRequest, identity: int) -> HttpResponse:
    """Asked for a preview, it shows all that would be signed and freezes nothing."""
    engagement, person = _own_engagement(request, identity), signed_in(request)
    form = StatementForm(request.POST, person=person)
    wanted = form.is_valid() and request.POST.get("step") != "preview"
    row = _freeze(form, person, engagement) if wanted else None
    return redirect("statement", row.pk) if row else _form_page(request, engagement, form)


def _own_engagement(request: HttpRequest, identity: int) -> Engagement:
    engagement = engagement_or_404(request, identity)
    if not is_member(request.user, engagement):
        refuse(
            "Your authority has this engagement, but you are not one of its auditors: only they state what they read."
        )
    return engagement


def _form_page(request: HttpRequest, engagement: Engagement, form: StatementForm) -> HttpResponse:
    preview = None
    try:
        preview = preview_of(signed_in(request), engagement, form)
    except EvidenceError as error:
        form.complain(error)
    context = {
        "engagement": engagement,
        "release": engagement.release,
        "form": form,
        "anchors": form.fields["anchor"].queryset.exists(),  # type: ignore[attr-defined]
        "review": preview,
        "whole": form.is_bound and form.is_valid(),
    }
    return render(request, "reviews/statement_new.html", context, status=422 if form.errors else 200)


def _freeze(form: StatementForm, person: Person, engagement: Engagement) -> Statement | None:
    """The frozen row, or None with the complaint in the form."""
    said = form.cleaned_data
    try:
        return freeze_statement(
            person=person,
            engagement=engagement,
            anchor=said["anchor"],
            conclusion=said["conclusion"],
            words=form.words,
            open_findings=said["open_findings"],
            valid_until=said["valid_until"],
        )
    except EvidenceError as error:
        form.complain(error)
        return None
