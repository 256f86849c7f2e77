"""Before what cannot be taken back: prove again who is sitting there, unless that was proved in the last five minutes.

    @login_required
    @fresh_sign_in
    def revoke(request, …): …

`fresh_sign_in` stands on views whose page is the form: it asks before anything is typed. `fresh_sign_in_to_send` stands on pages
that are worth reading by themselves and have a form: it asks when the form is sent. So does the first of a form that was open for
longer. What was typed is kept in the session meanwhile, for ten
minutes, and goes on by itself afterwards, unless the page was asked for again: what
nobody confirmed is not done later. Files, and more than 64 KiB, are not kept: the page comes back and says so. Somebody with a passkey
confirms by it or by a recovery code, somebody without by the password.
Objects are looked for after the proof, so a stale sign-in learns nothing of which ones there are.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.urls import reverse

from transparency.session_times import is_fresh
from transparency.web.access import signed_in
from transparency.web.kept_form import drop_kept_form, page_of, stamp_kept_form

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    View = Callable[..., HttpResponseBase]

MOST_KEPT_BYTES = 64 * 1024


def fresh_sign_in(view: View) -> View:
    return _guarded(view, ("GET", "HEAD", "POST"))


def fresh_sign_in_to_send(view: View) -> View:
    return _guarded(view, ("POST",))


def _guarded(view: View, methods: tuple[str, ...]) -> View:
    @wraps(view)
    def asked_first(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if request.method not in methods or is_fresh(request, signed_in(request)):
            return view(request, *args, **kwargs)
        # What was sent before this and never confirmed is not meant any more.
        drop_kept_form(request)
        if request.method == "POST" and not _can_be_kept(request):
            messages.warning(
                request, "Your sign-in was too old for this, so nothing was done. Fill in the form again and send it."
            )
            return redirect_to_login(page_of(request.get_full_path()), reverse("confirm"))
        stamp_kept_form(request)
        raise ReauthenticationRequired  # allauth's middleware keeps the form and asks

    return asked_first


def _can_be_kept(request: HttpRequest) -> bool:
    typed = request.POST.urlencode()
    return not request.FILES and "password" not in request.POST and len(typed) <= MOST_KEPT_BYTES
