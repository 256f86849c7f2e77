"""End every session of one person, in whatever browser: the next request of each is by nobody."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone

if TYPE_CHECKING:
    from transparency.models import Person


def end_sessions(*, person: Person, but: str | None = None) -> int:
    """Return how many ended; the one with the key `but` goes on. Sessions that no list has are found by looking into each."""
    keys = set(UserSession.objects.filter(user=person).values_list("session_key", flat=True))
    for row in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if row.get_decoded().get(SESSION_KEY) == str(person.pk):
            keys.add(row.session_key)
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    for key in keys - {but}:
        store.delete(key)
    UserSession.objects.filter(user=person).exclude(session_key=but or "").delete()
    return len(keys - {but})
