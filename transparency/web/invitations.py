"""The page that an invitation's link leads to: a stranger with a good link becomes a person of the organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from transparency.errors import EvidenceError, sentence_for
from transparency.services.accept_invitation import accept_invitation, invitation_of
from transparency.web.organisation_forms import AcceptForm

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from transparency.models import Person

_FIELDS = {
    "username-malformed": "username",
    "username-taken": "username",
    "name-malformed": "full_name",
    "email-malformed": "email",
    "password-refused": "password",
}
_GONE = "invitation-unknown"


@never_cache
@csrf_protect
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Wrong, used, expired and withdrawn links get one and the same answer."""
    row = invitation_of(secret).first()
    if row is None:
        return _gone(request)
    form = AcceptForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        person = _accept(secret, form)
        if person is not None:
            return _enter(request, person)
        if form.has_error("username", _GONE):
            return _gone(request)
    context = {"invitation": row, "form": form}
    return render(request, "transparency/invitation.html", context, status=422 if form.errors else 200)


def _accept(secret: str, form: AcceptForm) -> Person | None:
    said = form.cleaned_data
    try:
        return accept_invitation(
            secret=secret,
            username=said["username"],
            full_name=said["full_name"],
            email=said["email"],
            password=said["password"],
        )
    except EvidenceError as error:
        _complain(form, error)
        return None


def _complain(form: AcceptForm, error: EvidenceError) -> None:
    """What validators say of a password is said as they say it."""
    said = (
        f"{sentence_for(error.code)} {error.expected}" if error.code == "password-refused" else sentence_for(error.code)
    )
    form.add_error(_FIELDS.get(error.code, "username"), ValidationError(said, code=error.code))


def _enter(request: HttpRequest, person: Person) -> HttpResponse:
    """Signed in with a session of its own, whoever was signed in here before."""
    logout(request)
    login = Login(user=person, redirect_url=reverse("account"))
    response: HttpResponse = perform_password_login(request, {"username": person.username}, login)
    messages.success(request, "Welcome. You are signed in; add a passkey now, so that a password alone opens nothing.")
    return response


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "transparency/invitation_gone.html", status=404)
