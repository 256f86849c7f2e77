"""Sign in and out by password. Answers tell nobody whether a name exists; passkeys and limits come with the rooms for people."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView


class SignIn(LoginView):
    template_name = "transparency/sign_in.html"
    redirect_authenticated_user = True
    authentication_form = AuthenticationForm


class SignOut(LogoutView):
    http_method_names = ("post", "options")
