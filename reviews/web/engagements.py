"""Engagements: the list, one with its coverage, and the form that makes one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from reviews.models import Engagement
from reviews.permissions import authority_of, is_member
from reviews.queries import engagements_of, reading_of
from reviews.services.create_engagement import create_engagement
from reviews.web.access import Readable, engagement_or_404
from reviews.web.folders import Work, rows_of
from reviews.web.forms import EngagementForm
from transparency.errors import EvidenceError
from transparency.web.access import refuse, signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from transparency.models import Organisation, Person

ONLY_AUTHORITIES = "Engagements are agreed by people of an authority. You are signed in, but belong to none."


@login_required
@never_cache
@require_safe
def engagements(request: HttpRequest) -> HttpResponse:
    if authority_of(request.user) is None:
        refuse(ONLY_AUTHORITIES)
    rows = engagements_of(signed_in(request))
    return render(request, "reviews/engagements.html", {"engagements": rows, "now": timezone.now()})


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
    if form.is_valid() and (row := _create(form, person, authority)):
        messages.success(request, "The engagement is agreed. What was agreed is fixed by its digest.")
        return redirect("engagement", row.pk)
    return render(request, "reviews/engagement_new.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@never_cache
@require_safe
def engagement(request: HttpRequest, identity: int) -> HttpResponse:
    row, person = engagement_or_404(request, identity), signed_in(request)
    snapshot = row.release.subject
    if snapshot is None:
        messages.info(
            request,
            "The source of this release was withdrawn. Your notes and marks are kept; below is what can still be read.",
        )
        return redirect("release", row.release.product.slug, row.release.version)
    work = Work(person, row, row.release, snapshot)
    rows = rows_of(row.release, snapshot, b"", Readable(person, row.release), work)
    context = {
        "engagement": row,
        "release": row.release,
        "share": work.share_of(""),
        "own": reading_of(asked_by=person, engagement=row, person=person).share_of(""),
        "rows": [each for each in rows if each.is_folder] or rows,
        "auditors": row.auditors.all(),
        "statements": row.statements.filter(reviewer=person).select_related("attestation__entry"),
        "member": is_member(person, row),
        "ended": bool(row.ends_at and row.ends_at < timezone.now()),
    }
    return render(request, "reviews/engagement.html", context)


def _create(form: EngagementForm, person: Person, authority: Organisation) -> Engagement | None:
    data = form.cleaned_data
    try:
        return create_engagement(
            created_by=person,
            authority=authority,
            release=data["release"],
            auditors=list(data["auditors"]),
            starts_at=timezone.now(),
            ends_at=data["ends"],
            depth=data["depth"],
            include=data["include"],
            exclude=data["exclude"],
            terms=data["terms"],
        )
    except EvidenceError as error:
        form.add_error(None, f"Expected {error.expected}; found {error.found or 'something else'}. ({error.code})")
        return None
