"""Keys that a product's deliveries are held to: the list, enrolling, replacing, taking back. For who may deliver; reading is for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from transparency.errors import EvidenceError
from transparency.permissions import Right, may
from transparency.queries import vendor_anchors
from transparency.services.enrol_anchor import enrol_product_anchor, product_anchors
from transparency.services.reverify_product import request_reverification
from transparency.services.revoke_anchor import revoke_anchor
from transparency.services.rotate_anchor import rotate_anchor
from transparency.web.access import product_or_404, refuse, signed_in
from transparency.web.caching import kept_as
from transparency.web.key_answer import key_answer
from transparency.web.key_forms import EnrolForm, RevokeForm, RotateForm, complaint
from transparency.web.step_up import fresh_sign_in, fresh_sign_in_to_send

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet
    from django.http import HttpRequest

    from transparency.models import Product, TrustAnchor
    from transparency.web.key_forms import PublicKeyForm

FOUND_AT_MOST = 50
FORM_METHODS = ("GET", "HEAD", "POST")


@login_required
@never_cache
@require_http_methods(FORM_METHODS)
@fresh_sign_in_to_send
def anchors(request: HttpRequest, slug: str) -> HttpResponse:
    product = _own_product(request, slug)
    form = EnrolForm(*_given(request))
    before = dict(product.anchors.values_list("pk", "updated_with"))
    if form.is_valid() and (anchor := _enrol(request, product, form)):
        messages.success(request, _done(anchor, before))
        return redirect("anchors", product.slug)
    context = {"product": product, "form": form, **_listed(request, product)}
    return render(request, "transparency/anchors.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(FORM_METHODS)
@fresh_sign_in
def rotate(request: HttpRequest, slug: str, identity: int) -> HttpResponse:
    product = _own_product(request, slug)
    anchor = _anchor_or_404(product, identity)
    form = RotateForm(*_given(request))
    if form.is_valid() and (new := _rotate(request, anchor, form)):
        messages.success(request, f"From that day on {new.fingerprint} counts, and the key before it no longer.")
        return redirect("anchors", product.slug)
    context = {"product": product, "anchor": anchor, "form": form}
    return render(request, "transparency/anchor_rotate.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(FORM_METHODS)
@fresh_sign_in
def revoke(request: HttpRequest, slug: str, identity: int) -> HttpResponse:
    product = _own_product(request, slug)
    anchor = _anchor_or_404(product, identity)
    form = RevokeForm(*_given(request))
    if form.is_valid() and _revoke(request, anchor, form):
        messages.success(request, "Revoked. The key stays in the list with its reason; it can never be enrolled again.")
        if form.cleaned_data["check_again"]:
            return redirect("job", request_reverification(product=product, by=signed_in(request)).pk)
        return redirect("anchors", product.slug)
    context = {"product": product, "anchor": anchor, "form": form}
    return render(request, "transparency/anchor_revoke.html", context, status=422 if form.errors else 200)


@require_safe
def public_key(request: HttpRequest, slug: str, identity: int) -> HttpResponse:
    """The key as text, for everybody who may know of the product: commands on pages name this file."""
    product = product_or_404(request, slug)
    anchor = product_anchors(product).filter(pk=identity).first()
    if anchor is None:
        raise Http404
    return kept_as(key_answer(anchor), product)


def organisation_anchors(product: Product) -> QuerySet[TrustAnchor]:
    """The keys that the product inherits: those of its vendor for all its products."""
    return vendor_anchors(product.vendor)


def _own_product(request: HttpRequest, slug: str) -> Product:
    product = product_or_404(request, slug)
    if not may(request.user, Right.DELIVER, product):
        refuse("Keys of a product are enrolled by its vendor and by the operator.")
    return product


def _anchor_or_404(product: Product, identity: int) -> TrustAnchor:
    """Keys for all products of the vendor are the operator's, on a page of their own (vendor_keys.py)."""
    anchor = product.anchors.select_related("product__vendor", "enrolled_by").filter(pk=identity).first()
    if anchor is None:
        raise Http404
    return anchor


def _given(request: HttpRequest) -> tuple[Any, Any]:
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def _listed(request: HttpRequest, product: Product) -> dict[str, Any]:
    """The product's own keys; of the organisation's a count, and what a search finds among them."""
    shared, wanted = organisation_anchors(product), request.GET.get("q", "").strip().replace(" ", "")
    found = shared.filter(Q(fingerprint__icontains=wanted) | Q(key_ids__key_id__icontains=wanted)).distinct()
    return {
        "anchors": product.anchors.select_related("enrolled_by", "updated_with").order_by("revoked_at", "enrolled_at"),
        "shared_count": shared.count(),
        "shared_kinds": shared.values("format").annotate(count=Count("pk")).order_by("format"),
        "wanted": wanted,
        "found": found[:FOUND_AT_MOST] if wanted else shared[:FOUND_AT_MOST],
        "found_count": found.count() if wanted else shared.count(),
        "most": FOUND_AT_MOST,
        "may_operate": may(request.user, Right.OPERATE, None),
    }


def _enrol(request: HttpRequest, product: Product, form: EnrolForm) -> TrustAnchor | None:
    said = form.cleaned_data
    try:
        anchor = enrol_product_anchor(
            product=product,
            public_text=said["key"],
            enrolled_by=signed_in(request),
            namespaces=said["namespaces"] or ["file"],
            valid_from=said["from"],
            valid_until=said["until"],
        )
    except EvidenceError as error:
        _complain(form, error)
        return None
    if anchor.revoked_at:
        form.add_error("public", "This key was revoked here. Once revoked, a key is never enrolled again.")
        return None
    return anchor


def _done(anchor: TrustAnchor, before: Mapping[int, int | None]) -> str:
    if anchor.pk not in before:
        return f"Enrolled {anchor.fingerprint}. Compare it with the one that the vendor prints."
    if anchor.updated_with_id != before[anchor.pk]:
        return f"{anchor.fingerprint} was enrolled before, and is up to date now. Check the deliveries again to judge them by it."
    return f"{anchor.fingerprint} was enrolled before; this says nothing new of it."


def _rotate(request: HttpRequest, anchor: TrustAnchor, form: RotateForm) -> TrustAnchor | None:
    said = form.cleaned_data
    try:
        return rotate_anchor(
            anchor=anchor,
            public_text=said["key"],
            changes_at=said["changes_on"],
            reason=said["reason"].strip(),
            by=signed_in(request),
        )
    except EvidenceError as error:
        _complain(form, error)
        return None


def _revoke(request: HttpRequest, anchor: TrustAnchor, form: RevokeForm) -> TrustAnchor | None:
    said = form.cleaned_data
    try:
        return revoke_anchor(anchor=anchor, revocation=said["revocation"], reason=said["reason"], by=signed_in(request))
    except EvidenceError as error:
        form.add_error(None, complaint(error))
        return None


def _complain(form: PublicKeyForm, error: EvidenceError) -> None:
    form.add_error("public" if form.cleaned_data.get("public") else "file", complaint(error))
