"""When a session began, when it was used last, and when its person was last proved. All three stand in the session itself.

`began` is stamped at every sign-in, whichever way (`user_logged_in` is the one place that all ways pass). A session with a person and
without the stamp is over: nothing of ours makes one. What proved the person since (a password, a passkey) is allauth's own record.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

from allauth.account.authentication import get_authentication_records
from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

    from transparency.models import Person

BEGAN = "signed_in_at"
USED = "used_at"
# One write a minute at most says that a session is in use.
TOUCH_SECONDS = 60.0
_TOUCHES = 10.0


def stamp_sign_in(*, request: HttpRequest, **_: Any) -> None:
    """Receives Django's `user_logged_in`."""
    request.session[BEGAN] = request.session[USED] = time.time()


def ended(session: SessionBase | Mapping[str, Any]) -> Literal["idle", "long"] | None:
    """Why the session of a person is over, if it is."""
    now = time.time()
    began, used = session.get(BEGAN, 0.0), session.get(USED, 0.0)
    if not 0 <= now - began < settings.SESSION_COOKIE_AGE:
        return "long"
    return "idle" if now - used >= settings.IDLE_SECONDS else None


def touch(session: SessionBase) -> None:
    """Note that the session is in use, unless that was noted a moment ago."""
    now = time.time()
    if now - session.get(USED, 0.0) >= min(TOUCH_SECONDS, settings.IDLE_SECONDS / _TOUCHES):
        session[USED] = now


def is_fresh(request: HttpRequest, person: Person) -> bool:
    """Whether whoever sits there proved a moment ago to be the person: by signing in, or by confirming it since."""
    proved = [request.session.get(BEGAN, 0.0)]
    proved += [float(record["at"]) for record in get_authentication_records(request, person)]
    return bool(time.time() - max(proved) < settings.STEP_UP_SECONDS)
