"""The page on which a Debian source is handed in: its .dsc and the files that this names, in pieces or in one form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from transparency.errors import EvidenceError
from transparency.services.deliver_source import deliver_source
from transparency.session_times import is_fresh
from transparency.web.access import signed_in
from transparency.web.deliver_source_form import DeliverSourceForm
from transparency.web.handing_page import handing_page
from transparency.web.key_forms import complaint
from transparency.web.scratch_handler import ScratchHandler, is_too_large
from transparency.web.uploads import deliverable_or_404

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from transparency.models import Job, Person, Product


@csrf_exempt  # asked by _deliver, once it is known whose files these are and where they may lie
@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def source(request: HttpRequest, slug: str) -> HttpResponse:
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


def _hand_in(form: DeliverSourceForm, person: Person) -> Job | None:
    """The job, or None with the complaint in the form: missing files are named, with what was expected of each."""
    said = form.cleaned_data
    try:
        return deliver_source(
            product=form.product,
            sender=person,
            version=said["version"],
            dsc=said["dsc"][0],
            files=said["others"],
            dry_run=form.dry_run,
            as_if=form.as_if,
        )
    except EvidenceError as error:
        form.add_error("version" if error.code == "name-malformed" else "source_files", complaint(error))
        return None


def _form(request: HttpRequest, product: Product, **given: Any) -> DeliverSourceForm:
    person = signed_in(request)
    return DeliverSourceForm(product=product, person=person, fresh=is_fresh(request, person), **given)


def _page(
    request: HttpRequest, product: Product, form: DeliverSourceForm, *, too_large: bool = False, status: int = 200
) -> HttpResponse:
    template = "transparency/deliver_source.html"
    return handing_page(request, product, form, template, kind="source", too_large=too_large, status=status)
