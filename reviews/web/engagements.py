"""Engagements: those of one's authority, and the form that agrees one after showing what its scope takes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from reviews.models import Engagement
from reviews.permissions import Phase, authority_of, phase_of
from reviews.queries import engagements_of_authority
from reviews.rules.scope_preview import preview_scope
from reviews.services.create_engagement import create_engagement
from reviews.services.load_reading import load_files
from reviews.web.engagement_form import EngagementForm
from transparency.errors import EvidenceError
from transparency.proofs.digest import Digest
from transparency.web.access import refuse, signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from reviews.rules.scope_preview import ScopePreview
    from transparency.models import Organisation, Person

ONLY_AUTHORITIES = "Engagements are agreed by people of an authority. You are signed in, but belong to none."
LOOK_FIRST = "Some globs hit no file. What was agreed is never edited: look at what is in scope below, correct it, or agree once more."


@login_required
@never_cache
@require_safe
def engagements(request: HttpRequest) -> HttpResponse:
    if authority_of(request.user) is None:
        refuse(ONLY_AUTHORITIES)
    person = signed_in(request)
    rows = engagements_of_authority(person)
    own = set(person.engagements.values_list("pk", flat=True))
    shown = [(row, phase_of(row), row.pk in own) for row in rows]
    groups = [
        (phase, [each for each in shown if each[1] == phase]) for phase in (Phase.RUNNING, Phase.COMING, Phase.OVER)
    ]
    return render(request, "reviews/engagements.html", {"groups": groups, "any": bool(rows)})


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    person, authority = signed_in(request), authority_of(request.user)
    if authority is None:
        refuse(ONLY_AUTHORITIES)
    initial = {"release": request.GET.get("release"), "auditors": [person.pk], "depth": Engagement.Depth.BLUE}
    sent = request.POST if request.method == "POST" else None
    form = EngagementForm(sent, initial=initial, person=person, authority=authority)
    preview = _look(form) if form.is_valid() else None
    seen = _mark_of(form) if preview else ""
    if preview and request.POST.get("step") != "preview":
        if preview.without_hit and request.POST.get("seen") != seen:
            form.add_error("include", LOOK_FIRST)
        elif row := _create(form, person, authority):
            messages.success(request, "The engagement is agreed. What was agreed is fixed by its digest.")
            return redirect("engagement", row.pk)
    context = {"form": form, "preview": preview, "seen": seen}
    return render(request, "reviews/engagement_new.html", context, status=422 if form.errors else 200)


def _look(form: EngagementForm) -> ScopePreview:
    return preview_scope(load_files(form.cleaned_data["release"].subject), form.scope)


def _mark_of(form: EngagementForm) -> str:
    """What a preview was of, so that agreeing to something else shows that first. It gives no right, so it is no secret."""
    scope = form.scope
    return Digest.of(repr((form.cleaned_data["release"].pk, scope.include, scope.exclude)).encode()).hex


def _create(form: EngagementForm, person: Person, authority: Organisation) -> Engagement | None:
    data = form.cleaned_data
    try:
        return create_engagement(
            created_by=person,
            authority=authority,
            release=data["release"],
            auditors=list(data["auditors"]),
            starts_at=data["starts"],
            ends_at=data["ends"],
            depth=data["depth"],
            include=data["include"],
            exclude=data["exclude"],
            terms=data["terms"],
        )
    except EvidenceError as error:
        field = "include" if error.code == "scope-empty" else None
        form.add_error(field, f"Expected {error.expected}; found {error.found or 'something else'}. ({error.code})")
        return None
