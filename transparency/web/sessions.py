"""Django's sessions in the database, looked up by a question that is written once: every page of somebody who is signed in asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from transparency.prepared import Prepared

if TYPE_CHECKING:
    from django.db.models import QuerySet


def _of_key(key: str) -> QuerySet[Session, tuple[Any, ...]]:
    return Session.objects.filter(session_key=key).values_list("session_data", "expire_date")


_sessions = Prepared(_of_key, str, converted=True)


class SessionStore(DatabaseStore):
    def load(self) -> dict[str, Any]:
        """What the session holds; one that is over, or was never there, has no key any more."""
        for data, expires in _sessions(self.session_key or ""):
            if expires > timezone.now():
                held: dict[str, Any] = self.decode(data)
                return held
        self._session_key = None
        return {}
