"""Keys of a vendor for all of its products, mostly a keyring's: the list, one key's text, taking one back. For the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from transparency.errors import EvidenceError
from transparency.models import Organisation, Product, TrustAnchor
from transparency.permissions import Right, known_products, may
from transparency.proofs.signatures.openpgp_key import parse_openpgp_certificate
from transparency.queries import products_signed_by, vendor_anchors
from transparency.services.reverify_product import request_reverification
from transparency.services.revoke_anchor import revoke_anchor
from transparency.web.access import refuse, signed_in
from transparency.web.deliveries import timeline
from transparency.web.key_answer import key_answer
from transparency.web.key_forms import VendorRevokeForm, complaint
from transparency.web.step_up import fresh_sign_in

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

KEYS_A_PAGE = 50
_NEEDED = ("enrolled_by", "enrolled_with", "updated_with")
STATES = (("in-use", "in use"), *TrustAnchor.Revocation.choices)


@login_required
@never_cache
@require_safe
def vendor_keys(request: HttpRequest, slug: str) -> HttpResponse:
    vendor = _vendor_or_404(request, slug)
    wanted, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    everything = vendor_anchors(vendor)
    rows = _found(everything, wanted, state).select_related(*_NEEDED).order_by("fingerprint")
    page = Paginator(rows, KEYS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "vendor": vendor,
        "page": page,
        "keys": [(anchor, _is_weak(anchor)) for anchor in page],
        "count": everything.count(),
        "wanted": wanted,
        "state": state,
        "states": STATES,
        "events": timeline(vendor.key_events.select_related("organisation", "anchor").order_by("-pk")[:KEYS_A_PAGE]),
    }
    return render(request, "transparency/vendor_keys.html", context)


@login_required
@never_cache
@require_safe
def vendor_key_text(request: HttpRequest, slug: str, identity: int) -> HttpResponse:
    return key_answer(_anchor_or_404(_vendor_or_404(request, slug), identity))


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in
def vendor_key_revoke(request: HttpRequest, slug: str, identity: int) -> HttpResponse:
    vendor = _vendor_or_404(request, slug)
    anchor = _anchor_or_404(vendor, identity)
    given = (request.POST, None) if request.method == "POST" else (None, None)
    form = VendorRevokeForm(*given)
    relying = products_signed_by(anchor)
    if form.is_valid() and _revoke(request, anchor, form):
        messages.success(
            request, "Revoked. The key stays in the list with its reason, also when a keyring brings it again."
        )
        if form.cleaned_data["check_again"]:
            _check_again(request, relying)
        return redirect("vendor-keys", vendor.slug)
    context = {"vendor": vendor, "anchor": anchor, "weak": _is_weak(anchor), "form": form, "relying": relying}
    return render(request, "transparency/vendor_key_revoke.html", context, status=422 if form.errors else 200)


def _vendor_or_404(request: HttpRequest, slug: str) -> Organisation:
    """For the operator. Whoever knows of one of its products knows of the vendor, and is told that this page is not theirs."""
    vendor = Organisation.objects.filter(slug=slug, kind=Organisation.Kind.VENDOR).first()
    if vendor is None:
        raise Http404
    if not may(request.user, Right.OPERATE, None):
        person = signed_in(request)
        known = person.organisation_id == vendor.pk or vendor.products.filter(known_products(person)).exists()
        if not known:
            raise Http404
        refuse("Keys for all products of a vendor are kept by the operator.")
    return vendor


def _anchor_or_404(vendor: Organisation, identity: int) -> TrustAnchor:
    anchor = vendor_anchors(vendor).select_related(*_NEEDED).filter(pk=identity).first()
    if anchor is None:
        raise Http404
    return anchor


def _found(rows: QuerySet[TrustAnchor], wanted: str, state: str) -> QuerySet[TrustAnchor]:
    """By a part of a fingerprint, of a key id or of a user id; fingerprints are often written in groups of four."""
    if wanted:
        joined = wanted.replace(" ", "")
        named = Q(fingerprint__icontains=joined) | Q(user_ids__icontains=wanted)
        rows = rows.filter(named | Q(key_ids__key_id__icontains=joined)).distinct()
    if state in {"in-use", *TrustAnchor.Revocation.values}:
        rows = rows.filter(revocation="" if state == "in-use" else state)
    return rows


def _is_weak(anchor: TrustAnchor) -> bool:
    """Whether what it signs is `weak`: a keyring's weak keys are enrolled as that."""
    try:
        return parse_openpgp_certificate(anchor.public.encode()).keys[0].weak
    except EvidenceError:
        return False  # another format: those are refused when they are weak


def _revoke(request: HttpRequest, anchor: TrustAnchor, form: VendorRevokeForm) -> bool:
    said = form.cleaned_data
    try:
        revoke_anchor(anchor=anchor, revocation=said["revocation"], reason=said["reason"], by=signed_in(request))
    except EvidenceError as error:
        form.add_error(None, complaint(error))
        return False
    return True


def _check_again(request: HttpRequest, products: QuerySet[Product]) -> None:
    for product in products:
        request_reverification(product=product, by=signed_in(request))
        messages.success(request, f"Everything of {product.name} is being checked again.")
