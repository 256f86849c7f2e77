"""Tokens of machines: issue one, see when each was used, revoke it. Its text is shown once, on the page that answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from transparency.models import ApiToken
from transparency.permissions import Right, may
from transparency.services.issue_token import MAX_NAME_CHARACTERS, issue_token
from transparency.services.revoke_token import revoke_token
from transparency.web.access import signed_in
from transparency.web.step_up import fresh_sign_in_to_send
from transparency.web.uploads import deliverable_or_404, push_command

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

LIFETIMES = (("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "one year"))


class TokenForm(forms.Form):
    name = forms.CharField(
        label="Name",
        help_text="By which you know it again, such as the name of the pipeline.",
        max_length=MAX_NAME_CHARACTERS,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label="It may",
        help_text="Within this product, in your name, and only while you may. Give a machine no more than it needs.",
        choices=ApiToken.Scope.choices,
        initial=[ApiToken.Scope.DELIVER],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.ChoiceField(label="Valid for", choices=LIFETIMES, initial="90", widget=forms.RadioSelect)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in_to_send
def tokens(request: HttpRequest, slug: str) -> HttpResponse:
    product = deliverable_or_404(request, slug)
    form = TokenForm(request.POST if request.method == "POST" else None)
    issued = None
    if form.is_valid():
        said = form.cleaned_data
        issued = issue_token(
            product=product,
            owner=signed_in(request),
            name=said["name"],
            days=int(said["days"]),
            scopes=said["scopes"],
        )
        form = TokenForm()
    context = {
        "product": product,
        "form": form,
        "issued": issued,
        "tokens": [
            (row, _state(row), _scopes(row)) for row in product.tokens.select_related("owner").order_by("-created_at")
        ],
        "push": push_command(request, product),
    }
    return render(request, "transparency/tokens.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def revoke(request: HttpRequest, slug: str, identity: int) -> HttpResponse:
    """By anybody who may deliver the product: a token that leaked while its owner is away has to end."""
    product = deliverable_or_404(request, slug)
    row = product.tokens.filter(pk=identity).first()
    if row is None:
        raise Http404
    revoke_token(token=row)
    messages.success(request, f"Revoked {row.name}. Nothing can be done with it any more.")
    return redirect("tokens", product.slug)


def _state(token: ApiToken) -> str:
    if token.revoked_at:
        return "revoked"
    if token.valid_until <= timezone.now():
        return "expired"
    needed = Right.DELIVER if ApiToken.Scope.DELIVER in token.scopes else Right.KNOW
    active = token.owner.is_active and may(token.owner, needed, token.product)
    return "good" if active else "its owner may not do that"


def _scopes(token: ApiToken) -> str:
    return " and ".join(ApiToken.Scope(scope).label for scope in token.scopes)
