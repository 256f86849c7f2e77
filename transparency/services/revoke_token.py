"""Revoke a token: whoever holds it can do nothing with it from now on."""

from __future__ import annotations

from django.utils import timezone

from transparency.models import ApiToken


def revoke_token(*, token: ApiToken) -> ApiToken:
    """Return the token, revoked now or before."""
    ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())
    token.refresh_from_db()
    return token
