"""The page on which a delivery is handed in, with a script in pieces or without one as a form, and what follows a dry run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from transparency.errors import EvidenceError, UnavailableError, sentence_for
from transparency.permissions import Right, may
from transparency.services.deliver_checked import deliver_checked, keys_to_enrol
from transparency.services.deliver_uploads import deliver_uploads
from transparency.session_times import is_fresh
from transparency.web.access import job_or_404, job_subject, refuse, signed_in
from transparency.web.deliver_form import DeliverForm
from transparency.web.handing_page import handing_page
from transparency.web.kept_form import stamp_kept_form
from transparency.web.key_forms import complaint
from transparency.web.scratch_handler import ScratchHandler, is_too_large
from transparency.web.uploads import deliverable_or_404

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from transparency.models import Job, Person, Product

# Which field an error of the services is about.
_FIELDS = {
    "archive-type-unknown": "archive",
    "cover-and-decompressed": "over",
    "name-malformed": "version",
    "role-unknown": "role",
    "signatures-many": "signatures",
}


@csrf_exempt  # asked by _deliver, once it is known whose files these are and where they may lie
@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def deliver(request: HttpRequest, slug: str) -> HttpResponse:
    product = deliverable_or_404(request, slug)
    if request.method == "POST":
        if is_too_large(request):
            return _page(request, product, _form(request, product), too_large=True, status=413)
        request.upload_handlers = [ScratchHandler(request, product)]
    return _deliver(request, product)


@csrf_protect
def _deliver(request: HttpRequest, product: Product) -> HttpResponse:
    if request.method != "POST":
        return _page(request, product, _form(request, product, initial={"version": request.GET.get("release", "")}))
    form = _form(request, product, data=request.POST, files=request.FILES)
    if form.is_valid() and form.enrol() and (job := _hand_in(form, form.person)):
        return redirect("job", job.pk)
    return _page(request, product, form, status=422)


@login_required
@require_POST
def deliver_after_check(request: HttpRequest, identity: UUID) -> HttpResponse:
    row = job_or_404(request, identity)
    about = job_subject(row)
    if about is None or not may(request.user, Right.DELIVER, about):
        refuse("Deliveries of a product come from its vendor and from the operator.")
    person = signed_in(request)
    try:
        if keys_to_enrol(row) and not is_fresh(request, person):
            stamp_kept_form(request)
            raise ReauthenticationRequired  # keeps the form, asks, and goes on (step_up.py)
        job = deliver_checked(job=row, by=person)
    except (EvidenceError, UnavailableError) as error:
        messages.warning(request, sentence_for(error.code))
        return redirect("job", row.pk)
    return redirect("job", job.pk)


def _hand_in(form: DeliverForm, person: Person) -> Job | None:
    """The job, or None with the complaint in the form."""
    said = form.cleaned_data
    try:
        return deliver_uploads(
            product=form.product,
            sender=person,
            version=said["version"],
            archive=form.handed(),
            signatures=said["signatures"],
            checksums=form.beside("checksums"),
            sbom=form.beside("sbom"),
            over="decompressed" if said["over"] == "decompressed" else "archive",
            role=said["role"] or "release-archive",
            dry_run=form.dry_run,
            as_if=form.as_if,
        )
    except EvidenceError as error:
        form.add_error(_FIELDS.get(error.code, "archive"), complaint(error))
        return None


def _form(request: HttpRequest, product: Product, **given: Any) -> DeliverForm:
    person = signed_in(request)
    return DeliverForm(product=product, person=person, fresh=is_fresh(request, person), **given)


def _page(
    request: HttpRequest, product: Product, form: DeliverForm, *, too_large: bool = False, status: int = 200
) -> HttpResponse:
    template = "transparency/deliver.html"
    return handing_page(request, product, form, template, too_large=too_large, status=status)
