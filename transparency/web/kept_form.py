"""The form that waits in the session while its sender proves who they are (step_up.py): where it was sent, how long it waits."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from django.urls import Resolver404, resolve, reverse

if TYPE_CHECKING:
    from django.http import HttpRequest

KEPT_AT = "form_kept_at"
MOST_SECONDS = 10 * 60
_FOUND = 302
# Addresses that only take forms, and the page that the form is on.
_PAGE_OF = {"job-deliver": "job", "invite": "organisation"}


def stamp_kept_form(request: HttpRequest) -> None:
    """Before `ReauthenticationRequired` is raised, on which allauth's middleware keeps the form and asks."""
    request.session[KEPT_AT] = time.time()


def kept_address(request: HttpRequest) -> str:
    """Where the kept form was sent; empty when there is none. One that waited for too long is dropped."""
    state = request.session.get(STATE_SESSION_KEY)
    if not isinstance(state, dict) or "request" not in state:
        return ""
    if not 0 <= time.time() - request.session.get(KEPT_AT, 0.0) < MOST_SECONDS:
        drop_kept_form(request)
        return ""
    return str(json.loads(state["request"])["path"])


def drop_kept_form(request: HttpRequest) -> None:
    for key in (STATE_SESSION_KEY, KEPT_AT):
        request.session.pop(key, None)


def page_of(address: str) -> str:
    """The address of a page: this one, or where the form is that goes to it."""
    try:
        match = resolve(address.partition("?")[0])
    except Resolver404:
        return address
    page = _PAGE_OF.get(match.url_name or "")
    return reverse(page, kwargs=match.kwargs) if page else address


class GoesOn:
    """For the views that ask: says what will go on, and leads to a page where nothing does."""

    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        given = request.POST if request.method == "POST" else request.GET
        self.kept, self.asked = kept_address(request), given.get("next", "")
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        goes_on = self.kept if self.kept and self.kept == self.asked else ""
        return {**context, "goes_on": page_of(goes_on), "minutes": MOST_SECONDS // 60}

    def form_valid(self, form: Any) -> Any:
        """What allauth finds in the session goes on by itself; nothing of it, and the address is one for forms alone: its page."""
        response = super().form_valid(form)  # type: ignore[misc]
        if response.status_code == _FOUND and self.kept != self.asked and response.headers["Location"] == self.asked:
            response.headers["Location"] = page_of(self.asked)
        return response
