"""A frozen statement: download it, sign it outside, hand it in, see each step; or abandon it, and take it up again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from reviews.models import Attestation
from reviews.queries import review_of
from reviews.services.abandon_statement import abandon_statement
from reviews.services.accept_envelope import accept_envelope
from reviews.services.envelope_from import envelope_from
from reviews.services.take_up_statement import take_up_statement
from reviews.web.access import statement_or_404
from reviews.web.envelope_steps import accepted_steps, refused_steps
from reviews.web.sign_commands import sign_commands
from reviews.web.statement_forms import EnvelopeForm
from transparency.errors import EvidenceError, sentence_for
from transparency.proofs.attest.dsse import pae
from transparency.queries import installation
from transparency.web.access import signed_in
from transparency.web.step_up import fresh_sign_in_to_send

if TYPE_CHECKING:
    from django.http import HttpRequest

    from reviews.models import Statement
    from transparency.models import Person
    from transparency.reports import Step


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
        "review": review_of(row),
        "release": row.engagement.release,
        "engagement": row.engagement,
        "form": form,
        "sign": sign_commands(row, installation().attestation_namespace),
        "attestation": attestation,
        "steps": accepted_steps(row, attestation) if attestation and not steps else steps,
    }
    return render(request, "reviews/statement.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def abandon(request: HttpRequest, identity: int) -> HttpResponse:
    row = statement_or_404(request, identity)
    try:
        abandon_statement(person=signed_in(request), statement=row)
    except EvidenceError as error:
        messages.error(request, f"{sentence_for(error.code)} ({error.code})")
    else:
        messages.success(request, "Abandoned: it waits for no signature any more. You can take it up again here.")
    return redirect("statement", row.pk)


@login_required
@require_POST
def take_up(request: HttpRequest, identity: int) -> HttpResponse:
    row = take_up_statement(person=signed_in(request), statement=statement_or_404(request, identity))
    messages.success(request, "Taken up again: it waits for your signature.")
    return redirect("statement", row.pk)


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


def _hand_in(person: Person, row: Statement, form: EnvelopeForm) -> list[Step]:
    """The steps of a refusal, with the complaint in the form; none when it was accepted."""
    made = False
    field = None if row.abandoned_at else "pasted" if form.cleaned_data["pasted"] else "envelope"
    try:
        data = envelope_from(statement=row, data=form.cleaned_data["handed"])
        made = True
        accept_envelope(person=person, statement=row, data=data)
    except EvidenceError as error:
        form.add_error(field, f"{sentence_for(error.code)} Nothing was kept. ({error.code})")
        return refused_steps(row, error, made=made)
    return []


def _attachment(data: bytes, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(data, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
