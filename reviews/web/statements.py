"""Statements: preview and freeze one, download it, sign it outside, upload the envelope, see each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from reviews.models import Attestation
from reviews.permissions import is_member
from reviews.services.accept_envelope import accept_envelope
from reviews.services.freeze_statement import freeze_statement
from reviews.web.access import engagement_or_404, statement_or_404
from reviews.web.envelope_steps import accepted_steps, refused_steps
from reviews.web.forms import EnvelopeForm, StatementForm
from reviews.web.preview import preview_of
from transparency.errors import EvidenceError, sentence_for
from transparency.proofs.attest.dsse import pae
from transparency.proofs.attest.predicates import parse_source_review
from transparency.proofs.attest.statement import parse_statement
from transparency.queries import installation
from transparency.web.access import refuse, signed_in
from transparency.web.step_up import fresh_sign_in_to_send

if TYPE_CHECKING:
    from django.http import HttpRequest

    from reviews.models import Engagement, Statement
    from transparency.models import Person
    from transparency.reports import Step


@login_required
@never_cache
@require_safe
def new(request: HttpRequest, identity: int) -> HttpResponse:
    engagement = _own_engagement(request, identity)
    return _form_page(request, engagement, StatementForm(person=signed_in(request)))


@login_required
@never_cache
@require_POST
def freeze(request: HttpRequest, identity: int) -> HttpResponse:
    engagement = _own_engagement(request, identity)
    form = StatementForm(request.POST, person=signed_in(request))
    row = _freeze(form, signed_in(request), engagement) if form.is_valid() else None
    return redirect("statement", row.pk) if row else _form_page(request, engagement, form)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in_to_send
def statement(request: HttpRequest, identity: int) -> HttpResponse:
    row = statement_or_404(request, identity)
    form = EnvelopeForm(request.POST, request.FILES) if request.method == "POST" else EnvelopeForm()
    steps: list[Step] = []
    if form.is_valid():
        steps = _hand_in(signed_in(request), row, form)
        if not form.errors:
            messages.success(request, "Checked against your key and the frozen bytes, kept, and logged.")
            return redirect("statement", row.pk)
    attestation = Attestation.objects.filter(statement=row).select_related("entry").first()
    context = {
        "statement": row,
        "review": parse_source_review(parse_statement(bytes(row.payload)).predicate),
        "release": row.engagement.release,
        "engagement": row.engagement,
        "form": form,
        "namespace": installation().attestation_namespace,
        "attestation": attestation,
        "steps": accepted_steps(row, attestation) if attestation and not steps else steps,
    }
    return render(request, "reviews/statement.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_safe
def payload(request: HttpRequest, identity: int) -> HttpResponse:
    row = statement_or_404(request, identity)
    return _attachment(bytes(row.payload), f"statement-{row.pk}.json", "application/vnd.in-toto+json")


@login_required
@never_cache
@require_safe
def signed_bytes(request: HttpRequest, identity: int) -> HttpResponse:
    """What is signed: the DSSE pre-authentication encoding, for those who sign without our client."""
    row = statement_or_404(request, identity)
    return _attachment(pae(bytes(row.payload)), f"statement-{row.pk}.pae", "application/octet-stream")


def _own_engagement(request: HttpRequest, identity: int) -> Engagement:
    engagement = engagement_or_404(request, identity)
    if not is_member(request.user, engagement):
        refuse(
            "Your authority has this engagement, but you are not one of its auditors: only they state what they read."
        )
    return engagement


def _form_page(request: HttpRequest, engagement: Engagement, form: StatementForm) -> HttpResponse:
    person = signed_in(request)
    context = {
        "engagement": engagement,
        "release": engagement.release,
        "form": form,
        "anchors": person.anchors.exists(),
        "preview": preview_of(person, engagement),
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
        field = error.subject if error.subject in form.fields else None
        form.add_error(
            field, f"{sentence_for(error.code)} Expected {error.expected}; found {error.found}. ({error.code})"
        )
        return None


def _hand_in(person: Person, row: Statement, form: EnvelopeForm) -> list[Step]:
    """The steps of a refusal, with the complaint in the form; none when it was accepted."""
    try:
        accept_envelope(person=person, statement=row, data=form.cleaned_data["envelope"])
    except EvidenceError as error:
        form.add_error("envelope", f"{sentence_for(error.code)} Nothing was kept. ({error.code})")
        return refused_steps(row, error)
    return []


def _attachment(data: bytes, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(data, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
