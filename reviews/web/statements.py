"""Statements: freeze one, download it, sign it outside, upload the envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from reviews.models import Attestation
from reviews.rules.predicate import Words
from reviews.services.accept_envelope import accept_envelope
from reviews.services.freeze_statement import DEFAULT_WORDS, freeze_statement
from reviews.web.access import engagement_or_404, statement_or_404
from transparency.errors import EvidenceError, sentence_for
from transparency.models import TrustAnchor
from transparency.proofs.attest.dsse import MAX_ENVELOPE_BYTES, pae
from transparency.proofs.attest.predicates import parse_source_review
from transparency.proofs.attest.statement import parse_statement
from transparency.queries import installation
from transparency.web.access import signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest

    from transparency.models import Person

CONCLUSIONS = (
    ("no-unexplained", "Nothing in what I read is left unexplained"),
    ("concerns", "I have concerns"),
    ("violation", "I found a violation"),
    ("abstain", "I do not conclude"),
)


class StatementForm(forms.Form):
    anchor = forms.ModelChoiceField(
        queryset=TrustAnchor.objects.none(), label="Key that you will sign with", empty_label=None
    )
    conclusion = forms.ChoiceField(choices=CONCLUSIONS, label="Your conclusion")
    limitations = forms.CharField(
        label="Limits of what you did",
        required=False,
        help_text="One a line. They are published with the statement.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    open_findings = forms.IntegerField(label="Findings that are open", min_value=0, initial=0)

    def __init__(self, *args: object, person: Person, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["anchor"].queryset = person.anchors.all()  # type: ignore[attr-defined]


class EnvelopeForm(forms.Form):
    envelope = forms.FileField(label="Signed envelope", help_text="The .dsse.json file that transparency sign wrote.")

    def clean_envelope(self) -> bytes:
        upload = self.cleaned_data["envelope"]
        if upload.size > MAX_ENVELOPE_BYTES:
            raise forms.ValidationError(f"Expected at most {MAX_ENVELOPE_BYTES} bytes; found {upload.size}.")
        data: bytes = upload.read()
        return data


@login_required
@require_POST
def freeze(request: HttpRequest, identity: int) -> HttpResponse:
    engagement = engagement_or_404(request, identity)
    form = StatementForm(request.POST, person=signed_in(request))
    if not form.is_valid():
        complaints = "; ".join(f"{name}: {' '.join(map(str, errors))}" for name, errors in form.errors.items())
        messages.error(request, f"No statement was made. {complaints}")
        return redirect("engagement", engagement.pk)
    limits = tuple(line.strip() for line in form.cleaned_data["limitations"].splitlines() if line.strip())
    try:
        row = freeze_statement(
            person=signed_in(request),
            engagement=engagement,
            anchor=form.cleaned_data["anchor"],
            conclusion=form.cleaned_data["conclusion"],
            words=_words(limits),
            open_findings=form.cleaned_data["open_findings"],
        )
    except EvidenceError as error:
        messages.error(
            request, f"No statement was made: expected {error.expected}; found {error.found}. ({error.code})"
        )
        return redirect("engagement", engagement.pk)
    return redirect("statement", row.pk)


@login_required
@require_http_methods(["GET", "POST"])
def statement(request: HttpRequest, identity: int) -> HttpResponse:
    row = statement_or_404(request, identity)
    form = EnvelopeForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            accept_envelope(person=signed_in(request), statement=row, data=form.cleaned_data["envelope"])
        except EvidenceError as error:
            form.add_error(
                "envelope", f"{sentence_for(error.code)} Expected {error.expected}; found {error.found}. ({error.code})"
            )
        else:
            messages.success(request, "Checked against your key and the frozen bytes, kept, and logged.")
            return redirect("statement", row.pk)
    review = parse_source_review(parse_statement(bytes(row.payload)).predicate)
    context = {
        "statement": row,
        "review": review,
        "release": row.engagement.release,
        "engagement": row.engagement,
        "form": form,
        "namespace": installation().attestation_namespace,
        "attestation": Attestation.objects.filter(statement=row).select_related("entry").first(),
    }
    return render(request, "reviews/statement.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def payload(request: HttpRequest, identity: int) -> HttpResponse:
    row = statement_or_404(request, identity)
    return _attachment(bytes(row.payload), f"statement-{row.pk}.json", "application/vnd.in-toto+json")


@login_required
@require_GET
def signed_bytes(request: HttpRequest, identity: int) -> HttpResponse:
    """What is signed: the DSSE pre-authentication encoding, for those who sign without our client."""
    row = statement_or_404(request, identity)
    return _attachment(pae(bytes(row.payload)), f"statement-{row.pk}.pae", "application/octet-stream")


def _words(limitations: tuple[str, ...]) -> Words:
    base = DEFAULT_WORDS
    return Words(base.role, base.independence, base.method, base.thoroughness, base.understanding, limitations)


def _attachment(data: bytes, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(data, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
