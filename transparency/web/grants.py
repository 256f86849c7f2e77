"""Rights on a product: who holds which, giving them (with a sentence to read first), ending them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from transparency.errors import EvidenceError
from transparency.grant_words import grant_sentence, sentence_of
from transparency.memberships import folder_share, grants_on_product
from transparency.models import Grant
from transparency.permissions import may_end_grants, may_grant
from transparency.services.end_grant import end_grant
from transparency.services.grant_rights import check_grant, grant_rights
from transparency.web.access import product_or_404, refuse, signed_in
from transparency.web.grant_form import GrantForm
from transparency.web.key_forms import complaint
from transparency.web.step_up import fresh_sign_in

if TYPE_CHECKING:
    from django.http import HttpRequest

    from transparency.models import Product

FORM_METHODS = ("GET", "HEAD", "POST")
_FIELDS = {
    "folder-malformed": "folder",
    "folder-right": "folder",
    "grant-window": "last_day",
    "right-unknown": "rights",
    "right-not-theirs": "rights",
    "grant-nothing": "rights",
    "grant-own": "organisation",
}


@login_required
@never_cache
@require_http_methods(["GET", "HEAD"])
def grants(request: HttpRequest, slug: str) -> HttpResponse:
    product = _overseen_product(request, slug)
    held = grants_on_product(product)
    context = {
        "product": product,
        "lists": [(state, [each for each in held if each.state == state]) for state in ("live", "future", "ended")],
        "may_grant": may_grant(request.user, product),
    }
    return render(request, "transparency/grants.html", context)


@login_required
@never_cache
@require_http_methods(FORM_METHODS)
@fresh_sign_in
def give(request: HttpRequest, slug: str) -> HttpResponse:
    """Posted once it answers with the sentence; posted again with `given`, it is so."""
    product, person = _overseen_product(request, slug), signed_in(request)
    if not may_grant(person, product):
        refuse("This product is restricted: its vendor alone lets others read it. You may end what was given.")
    form = GrantForm(request.POST if request.method == "POST" else None, giver=person, product=product)
    sentence = _sentence(request, form)
    if sentence and request.POST.get("step") == "give":
        grant_rights(granted_by=person, **form.asked())
        messages.success(request, f"Given. {sentence}")
        return redirect("grants", product.slug)
    previewed = sentence if request.POST.get("step") != "change" else ""
    context = {"product": product, "form": form, "sentence": previewed}
    if previewed and form.cleaned_data["folder"]:
        context["share"] = folder_share(product, form.cleaned_data["release"], form.cleaned_data["folder"])
    return render(request, "transparency/grant_give.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(FORM_METHODS)
@fresh_sign_in
def end(request: HttpRequest, slug: str, identity: int) -> HttpResponse:
    product = _overseen_product(request, slug)
    about = Q(product=product) | Q(release__product=product)
    grant = Grant.objects.filter(about, pk=identity).select_related("release__product", "product").first()
    if grant is None:
        raise Http404
    if request.method == "POST":
        end_grant(grant=grant, by=signed_in(request))
        messages.success(request, "Ended. The next page that they ask for is refused.")
        return redirect("grants", product.slug)
    context = {"product": product, "grant": grant, "sentence": sentence_of(grant, product)}
    return render(request, "transparency/grant_end.html", context)


def _overseen_product(request: HttpRequest, slug: str) -> Product:
    product = product_or_404(request, slug)
    if not may_end_grants(request.user, product):
        refuse("Rights on a product are seen by its vendor and by the operator.")
    return product


def _sentence(request: HttpRequest, form: GrantForm) -> str:
    """What the grant would allow; empty, with the complaint in the form, where it cannot be given."""
    if not form.is_valid():
        return ""
    asked = form.asked()
    try:
        check_grant(granted_by=signed_in(request), **asked)
    except EvidenceError as error:
        form.add_error(_FIELDS.get(error.code), complaint(error))
        return ""
    return grant_sentence(**asked)
