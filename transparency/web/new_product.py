"""Enter a product by hand: the operator for any vendor, a vendor's people for their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from transparency.errors import EvidenceError
from transparency.models import Organisation, Person
from transparency.models.organisation import slug_validator
from transparency.permissions import Right, may, works_for
from transparency.services.create_product import create_product, own_prefix
from transparency.web.access import refuse, signed_in
from transparency.web.key_forms import complaint

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from transparency.models import Product

_FIELDS = {"product-taken": "slug", "product-prefix": "slug"}


class ProductForm(forms.Form):
    vendor = forms.ModelChoiceField(
        label="Vendor",
        queryset=Organisation.objects.none(),
        empty_label="Choose the vendor",
    )
    name = forms.CharField(
        label="Name",
        help_text="As the vendor calls it.",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    slug = forms.CharField(
        label="Slug",
        help_text="Lower-case letters, digits and hyphens. Addresses, records and the log carry it, so it can never be changed.",
        max_length=63,
        validators=[slug_validator],
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "tc-short"}),
    )
    visibility = forms.ChoiceField(
        label="Who may know of it",
        choices=(
            ("open", "Open: releases, names of files and what was found are public; whoever signs in reads the source"),
            (
                "restricted",
                "Restricted: only its vendor, the operator, and those to whom the vendor gives a right know of it",
            ),
        ),
        widget=forms.RadioSelect,
        help_text=(
            "This cannot be changed here later. What was logged in the open stays in the log for ever, and what a restricted "
            "product logged as a commitment is not opened by a switch."
        ),
    )

    def __init__(self, data: Any, *, person: Person) -> None:
        super().__init__(data)
        self.own = None if may(person, Right.OPERATE, None) else person.organisation
        if self.own:
            del self.fields["vendor"]
            self.fields["slug"].help_text += f" Yours begin with {own_prefix(self.own)}"
            self.fields["slug"].initial = own_prefix(self.own)
        else:
            vendors = Organisation.objects.filter(kind=Organisation.Kind.VENDOR)
            self.fields["vendor"].queryset = vendors  # type: ignore[attr-defined]


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_product(request: HttpRequest) -> HttpResponse:
    person = signed_in(request)
    if not may_enter_any(person):
        refuse("Products are entered by their vendor and by the operator.")
    form = ProductForm(request.POST if request.method == "POST" else None, person=person)
    if form.is_valid() and (made := _create(form, person)):
        messages.success(request, "Entered. Enrol a key next: what no enrolled key signed goes into quarantine.")
        return redirect("product", made.slug)
    return render(request, "transparency/product_new.html", {"form": form}, status=422 if form.errors else 200)


def may_enter_any(person: object) -> bool:
    """Whether the page of entering a product is for this person."""
    return isinstance(person, Person) and (
        may(person, Right.OPERATE, None) or works_for(person, person.organisation_id)
    )


def _create(form: ProductForm, person: Person) -> Product | None:
    said = form.cleaned_data
    try:
        return create_product(
            vendor=form.own or said["vendor"],
            slug=said["slug"],
            name=said["name"],
            restricted=said["visibility"] == "restricted",
            by=person,
        )
    except EvidenceError as error:
        form.add_error(_FIELDS.get(error.code, "name"), complaint(error))
        return None
