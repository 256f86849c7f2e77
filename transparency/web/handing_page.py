"""What all pages on which something is handed in show beside their forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

from transparency.models import Release
from transparency.services.enrol_anchor import product_anchors
from transparency.web.handing_form import told
from transparency.web.scratch_handler import MAX_FORM_BYTES
from transparency.web.uploads import Kind, push_command

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from transparency.models import Product
    from transparency.web.handing_form import HandingForm


def handing_page(
    request: HttpRequest,
    product: Product,
    form: HandingForm,
    template: str,
    *,
    kind: Kind = "archive",
    too_large: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The page of a form; `kind` says of what, `too_large` after more than one form takes."""
    context = {
        "product": product,
        "form": form,
        "uploads": [told(upload) for upload in form.uploads],
        "versions": Release.objects.filter(product=product).order_by("-created_at").values_list("version", flat=True),
        "keys": product_anchors(product).filter(revoked_at__isnull=True).exists(),
        "too_large": too_large,
        "most": MAX_FORM_BYTES,
        "push": push_command(request, product, kind=kind),
    }
    return render(request, template, context, status=status)
