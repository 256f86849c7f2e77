"""Forget sessions that are over, and the rows that listed them. Whoever only looks at the sign-in page leaves some as well."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone


def sweep_sessions() -> int:
    """Return how many were forgotten."""
    gone, _ = Session.objects.filter(expire_date__lte=timezone.now()).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    return gone
