"""Engagements: the list, one with its coverage, and the form that makes one."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from reviews.models import Engagement
from reviews.permissions import authority_of
from reviews.queries import engagements_of, reading_of
from reviews.rules.scope import Exclusion
from reviews.services.create_engagement import create_engagement
from reviews.web.access import engagement_or_404
from reviews.web.statements import StatementForm
from transparency.errors import EvidenceError
from transparency.models import Person, Product, Release
from transparency.permissions import Right, known_products, may
from transparency.proofs.escaping import escape_path
from transparency.queries import open_file_table
from transparency.web.access import signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from transparency.models import Organisation


class EngagementForm(forms.Form):
    release = forms.ModelChoiceField(queryset=Release.objects.none(), label="Release")
    depth = forms.ChoiceField(choices=Engagement.Depth.choices, label="Depth")
    auditors = forms.ModelMultipleChoiceField(
        queryset=Person.objects.none(), label="Auditors", widget=forms.CheckboxSelectMultiple
    )
    include = forms.CharField(
        label="Scope",
        required=False,
        help_text="Globs over paths, one a line, such as src/**. Empty means everything.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    exclude = forms.CharField(
        label="Left out, with reasons",
        required=False,
        help_text="One a line: glob, a colon, the reason. Such as tests/**: vendor's own tests. The reasons are published.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    ends = forms.DateField(label="Last day", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    terms = forms.CharField(label="Terms", required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: object, person: Person, authority: Organisation, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        products = Product.objects.filter(known_products(person))
        rows = Release.objects.filter(product__in=products, subject__isnull=False).select_related("product")
        allowed = [row.pk for row in rows if may(person, Right.REVIEW, row) or not row.product.is_restricted]
        self.fields["release"].queryset = Release.objects.filter(pk__in=allowed)  # type: ignore[attr-defined]
        self.fields["auditors"].queryset = authority.people.filter(is_active=True)  # type: ignore[attr-defined]

    def clean_exclude(self) -> list[Exclusion]:
        found = []
        for line in self.cleaned_data["exclude"].splitlines():
            glob, colon, reason = line.partition(":")
            if line.strip() and not (colon and glob.strip() and reason.strip()):
                raise forms.ValidationError(f"Expected glob: reason; found {line[:80]}")
            if line.strip():
                found.append(Exclusion(glob.strip(), reason.strip()))
        return found

    def clean_include(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["include"].splitlines() if line.strip()]


@login_required
@require_GET
def engagements(request: HttpRequest) -> HttpResponse:
    if authority_of(request.user) is None:
        raise Http404
    return render(request, "reviews/engagements.html", {"engagements": engagements_of(signed_in(request))})


@login_required
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    authority = authority_of(request.user)
    if authority is None:
        raise Http404
    initial = {"release": request.GET.get("release"), "auditors": [request.user.pk], "depth": Engagement.Depth.BLUE}
    form = EngagementForm(request.POST or None, initial=initial, person=signed_in(request), authority=authority)
    if request.method == "POST" and form.is_valid():
        try:
            row = _create(form, signed_in(request), authority)
        except EvidenceError as error:
            form.add_error(None, f"Expected {error.expected}; found {error.found}. ({error.code})")
        else:
            messages.success(request, "The engagement is agreed. What was agreed is fixed by its digest.")
            return redirect("engagement", row.pk)
    return render(request, "reviews/engagement_new.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_GET
def engagement(request: HttpRequest, identity: int) -> HttpResponse:
    row = engagement_or_404(request, identity)
    snapshot = row.release.subject
    if snapshot is None:
        raise Http404
    reading = reading_of(asked_by=signed_in(request), engagement=row)
    folders = [escape_path(item.path) for item in open_file_table(snapshot).listing(b"").folders]
    context = {
        "engagement": row,
        "release": row.release,
        "share": reading.share_of(""),
        "folders": [(folder, reading.share_of(folder)) for folder in folders if reading.share_of(folder).files],
        "auditors": row.auditors.all(),
        "statements": row.statements.filter(reviewer=signed_in(request)).select_related("attestation"),
        "form": StatementForm(person=signed_in(request)),
    }
    return render(request, "reviews/engagement.html", context)


def _create(form: EngagementForm, person: Person, authority: Organisation) -> Engagement:
    data = form.cleaned_data
    last = data["ends"]
    return create_engagement(
        created_by=person,
        authority=authority,
        release=data["release"],
        auditors=list(data["auditors"]),
        starts_at=timezone.now(),
        ends_at=datetime.combine(last, time(23, 59, 59), UTC) if last else None,
        depth=data["depth"],
        include=data["include"],
        exclude=data["exclude"],
        terms=data["terms"],
    )
