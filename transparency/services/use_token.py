"""Accept a token: found by its digest, still good, for what it is used for, and its owner may still do that."""

from __future__ import annotations

import re
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from transparency.errors import NotAllowedError
from transparency.models import ApiToken
from transparency.permissions import Right, may
from transparency.services.issue_token import PREFIX, token_digest

# 32 bytes in base64url without padding.
_TOKEN = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}\Z")
# A push of 2 GiB is 256 pieces: its last use is noted now and then, not with each.
_NOTED_EVERY = timedelta(minutes=1)


# What the owner must be able to do for the token to count.
_RIGHTS = {ApiToken.Scope.DELIVER: Right.DELIVER, ApiToken.Scope.READ: Right.KNOW}


def use_token(*, secret: str, scope: ApiToken.Scope = ApiToken.Scope.DELIVER) -> ApiToken:
    """Return the token (`token-unknown`, `token-revoked`, `token-expired`, `scope-missing`, `right-ended`)."""
    rows = ApiToken.objects.select_related("product__vendor", "owner__organisation")
    token = rows.filter(digest=token_digest(secret)).first() if _TOKEN.match(secret) else None
    if token is None:
        raise NotAllowedError("token-unknown", expected="a token that was issued here", found="another one")
    now = timezone.now()
    if token.revoked_at:
        raise NotAllowedError("token-revoked", expected="a token that is not revoked", found="a revoked one")
    if token.valid_until <= now:
        raise NotAllowedError("token-expired", expected="a token that is still valid", found="one that has expired")
    if scope not in token.scopes:
        raise NotAllowedError("scope-missing", expected=f"a token to {scope.label}", found=", ".join(token.scopes))
    if not token.owner.is_active or not may(token.owner, _RIGHTS[scope], token.product):
        right = "deliver" if scope == ApiToken.Scope.DELIVER else "know of"
        raise NotAllowedError("right-ended", expected=f"an owner who may {right} this product", found="one who may not")
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - _NOTED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - _NOTED_EVERY:
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return token
