"""Bills of materials: the form by which one is added to a release, and how one compares with the source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from transparency.errors import EvidenceError
from transparency.models import Release, Sbom
from transparency.permissions import Right, may
from transparency.proofs.sbom.document import MAX_SBOM_BYTES
from transparency.rule_words import rule_sentence
from transparency.services.receive_sbom import receive_sbom
from transparency.services.stored_files import Received
from transparency.web.access import refuse, release_or_404, signed_in
from transparency.web.caching import kept_as
from transparency.web.key_forms import complaint
from transparency.web.scratch_handler import ScratchHandler, is_too_large
from transparency.web.told_sbom import told_sbom

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

SHOWN = 100


class SbomForm(forms.Form):
    document = forms.FileField(
        label="Bill of materials",
        help_text="SPDX 2.3, SPDX 3.0 or CycloneDX 1.6, as JSON, up to 128 MiB.",
        allow_empty_file=True,
    )


@require_safe
def sbom(request: HttpRequest, identity: int) -> HttpResponse:
    row = sbom_or_404(request, identity)
    found = told_sbom(request.user, row)
    context = {
        "sbom": row,
        "release": row.release,
        "told": found,
        "tree": row.tree,
        "lists": [
            ("Declared and absent", "absent", row.tree["absent"], found.absent[:SHOWN]),
            ("There and undeclared", "undeclared", row.tree["undeclared"], found.undeclared[:SHOWN]),
        ],
        "differences": found.differences[:SHOWN],
        "packages": found.packages[:SHOWN],
        "findings": [(rule_sentence(each["rule"]), each) for each in found.findings],
        "shown": SHOWN,
    }
    return kept_as(render(request, "transparency/sbom.html", context), row.release.product)


@csrf_exempt  # asked by _add, once it is known whose file this is and where it may lie
@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    release = release_or_404(request, slug, version)
    if not may(request.user, Right.DELIVER, release):
        refuse("Bills of materials of a product come from its vendor and from the operator.")
    if request.method == "POST":
        if is_too_large(request):
            form = SbomForm()
            return render(request, "transparency/sbom_add.html", _context(release, form, too_large=True), status=413)
        request.upload_handlers = [ScratchHandler(request, release.product)]
    return _add(request, release)


@csrf_protect
def _add(request: HttpRequest, release: Release) -> HttpResponse:
    form = SbomForm(request.POST, request.FILES) if request.method == "POST" else SbomForm()
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["document"]
        try:
            job = receive_sbom(release=release, document=Received(file.name, file), sender=signed_in(request))
        except EvidenceError as error:
            form.add_error("document", complaint(error))
        else:
            return redirect("job", job.pk)
    return render(request, "transparency/sbom_add.html", _context(release, form), status=422 if form.is_bound else 200)


def _context(release: Release, form: SbomForm, *, too_large: bool = False) -> dict[str, object]:
    return {"release": release, "form": form, "too_large": too_large, "most": MAX_SBOM_BYTES}


def sbom_or_404(request: HttpRequest, identity: int) -> Sbom:
    """For everybody who may know of the release; a delivery in quarantine has none."""
    rows = Sbom.objects.select_related("release__product__vendor", "delivery", "snapshot", "sender__organisation")
    row = rows.filter(pk=identity).first()
    if row is None or not may(request.user, Right.KNOW, row.release):
        raise Http404
    return row
