"""What people do about deliveries: withdraw one, let one out of quarantine, check one or all of a product again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from transparency.errors import EvidenceError, sentence_for
from transparency.models import Delivery
from transparency.permissions import Right, may
from transparency.services.admit_quarantined import (
    admit_quarantined,
    admitted_together,
    import_again,
)
from transparency.services.checked_reason import MAX_REASON_CHARACTERS
from transparency.services.reverify_product import request_reverification
from transparency.services.withdraw_delivery import withdraw_delivery
from transparency.web.access import delivery_or_404, product_or_404, refuse, signed_in
from transparency.web.verdict_words import ROLES, way_out

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from transparency.models import Person


class ReasonForm(forms.Form):
    """A reason in words; `certain` is what the person confirms."""

    reason = forms.CharField(
        label="Reason",
        max_length=MAX_REASON_CHARACTERS,
        help_text="Kept for good, shown on the page and logged. Name no people.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    certain = forms.BooleanField()

    def __init__(self, data: Any, *, confirms: str) -> None:
        super().__init__(data)
        self.fields["certain"].label = confirms


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, identity: int) -> HttpResponse:
    row = _own_delivery(request, identity)
    if row.state == Delivery.State.QUARANTINED:
        refuse("It was never admitted, so there is nothing to withdraw.")
    form = ReasonForm(
        request.POST if request.method == "POST" else None,
        confirms="I know that this cannot be taken back, and that the page and the log go on telling it.",
    )
    if form.is_valid() and _withdraw(row, form, signed_in(request)):
        messages.success(request, "Withdrawn. The page stays, with your reason on it.")
        return redirect("delivery", row.pk)
    context = {"delivery": row, "release": row.release, "form": form, "is_subject": _alone_gives_subject(row)}
    return render(request, "transparency/withdraw.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def admit(request: HttpRequest, identity: int) -> HttpResponse:
    """The operator alone: as `expired` or `weak`, which the page, the record and the log then say."""
    row = delivery_or_404(request, identity)
    if not may(request.user, Right.OPERATE, None):
        refuse("Only the operator lets a delivery out of quarantine by a reason.")
    if row.state != Delivery.State.QUARANTINED or not way_out(row).by_reason:
        refuse(
            "Only a delivery in quarantine that is expired or weak, with no refused member, can be admitted by a reason."
        )
    together = admitted_together(row)
    who = "It is" if len(together) == 1 else f"All {len(together)} are"
    form = ReasonForm(
        request.POST if request.method == "POST" else None,
        confirms=f"{who} admitted as {row.verdict}, and as nothing better.",
    )
    if form.is_valid() and (job := _admit(row, form, signed_in(request))):
        return redirect("job", job)
    others = [(other, ROLES.get(other.role, other.role)) for other in together if other.pk != row.pk]
    context = {"delivery": row, "release": row.release, "form": form, "others": others, "count": len(together)}
    return render(request, "transparency/release_from_quarantine.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def check_again(request: HttpRequest, identity: int) -> HttpResponse:
    """One delivery in quarantine, with the keys as they are now."""
    row = _own_delivery(request, identity)
    try:
        job = import_again(delivery=row, by=signed_in(request))
    except EvidenceError as error:
        messages.warning(request, sentence_for(error.code))
        return redirect("delivery", row.pk)
    return redirect("job", job.pk)


@login_required
@require_POST
def check_product_again(request: HttpRequest, slug: str) -> HttpResponse:
    product = product_or_404(request, slug)
    if not may(request.user, Right.DELIVER, product):
        refuse("Deliveries are checked again by the product's vendor and by the operator.")
    return redirect("job", request_reverification(product=product, by=signed_in(request)).pk)


def _own_delivery(request: HttpRequest, identity: int) -> Delivery:
    row = delivery_or_404(request, identity)
    if not may(request.user, Right.DELIVER, row.release):
        refuse("This is for the product's vendor and for the operator.")
    return row


def _alone_gives_subject(row: Delivery) -> bool:
    admitted = row.release.deliveries.filter(state=Delivery.State.ADMITTED, snapshot=row.release.subject_id)
    return row.snapshot_id == row.release.subject_id and not admitted.exclude(pk=row.pk).exists()


def _withdraw(row: Delivery, form: ReasonForm, person: Person) -> bool:
    try:
        withdraw_delivery(delivery=row, reason=form.cleaned_data["reason"], by=person)
    except EvidenceError as error:
        form.add_error("reason", sentence_for(error.code))
        return False
    return True


def _admit(row: Delivery, form: ReasonForm, person: Person) -> str | None:
    try:
        job = admit_quarantined(delivery=row, outcome=row.verdict, reason=form.cleaned_data["reason"], by=person)
    except EvidenceError as error:
        form.add_error("reason", sentence_for(error.code))
        return None
    return str(job.pk)
