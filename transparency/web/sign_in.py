"""Sign in and out by password. Answers tell nobody whether a name exists; passkeys and limits come with the rooms for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class SignIn(LoginView):
    """Django's own view does what is easy to get wrong: a new session at sign-in, and no way to another site."""

    template_name = "transparency/sign_in.html"
    redirect_authenticated_user = True
    authentication_form = AuthenticationForm


class SignOut(LogoutView):
    """By POST alone. The browser is told to forget pages that it kept."""

    http_method_names = ("post", "options")

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = super().dispatch(request, *args, **kwargs)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response
