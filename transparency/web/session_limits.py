"""Sessions end: after so long without use, and after twelve hours whatever is done (transparency/session_times.py).

What a page asks for by itself, such as the progress of a job, is no use of it; what it sends, such as pieces of an upload, is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout

from transparency.session_times import ended, touch
from transparency.web.api_errors import by_machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

ENDED = "ended"  # in the session of nobody that follows: why, for the sign-in page


class SessionLimits:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Without a cookie there is no session; looking for one would make every public answer vary by cookies.
        asked = settings.SESSION_COOKIE_NAME in request.COOKIES and not by_machine(request)
        if asked and SESSION_KEY in request.session:
            why = ended(request.session)
            if why:
                logout(request)
                request.session[ENDED] = why
            elif not _asked_by_a_script(request):
                touch(request.session)
        return self.get_response(request)


def _asked_by_a_script(request: HttpRequest) -> bool:
    return request.method in {"GET", "HEAD"} and request.headers.get("Sec-Fetch-Dest") == "empty"
