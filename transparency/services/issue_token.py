"""Issue a secret for a machine: good for its scopes on one product, in one person's name, for a time. Only its digest is kept."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from transparency.errors import NotAllowedError, UnusableInputError
from transparency.models import ApiToken
from transparency.permissions import Right, may
from transparency.proofs.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.models import Person, Product

PREFIX = "tcd_"
SECRET_BYTES = 32
MAX_DAYS = 365
MAX_NAME_CHARACTERS = 100


def issue_token(
    *,
    product: Product,
    owner: Person,
    name: str,
    days: int,
    scopes: Sequence[str] = (ApiToken.Scope.DELIVER,),
) -> tuple[ApiToken, str]:
    """Return the row and the token itself, which nobody can be told again (`right-ended`, `token-name`, `token-days`, `token-scopes`)."""
    if not may(owner, Right.DELIVER, product):
        raise NotAllowedError("right-ended", expected="a person who may deliver this product", found="another one")
    said = name.strip()
    if not 0 < len(said) <= MAX_NAME_CHARACTERS:
        raise UnusableInputError("token-name", expected=f"1 to {MAX_NAME_CHARACTERS} characters", found=f"{len(said)}")
    if not 0 < days <= MAX_DAYS:
        raise UnusableInputError("token-days", expected=f"1 to {MAX_DAYS} days", found=f"{days}")
    known = [scope.value for scope in ApiToken.Scope if scope in scopes]
    if not known or len(known) != len(set(scopes)):
        expected = f"one or more of {', '.join(ApiToken.Scope.values)}"
        raise UnusableInputError("token-scopes", expected=expected, found=", ".join(scopes) or "none")
    token = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    row = ApiToken.objects.create(
        product=product,
        scopes=known,
        name=said,
        digest=token_digest(token),
        owner=owner,
        valid_until=timezone.now() + timedelta(days=days),
    )
    return row, token


def token_digest(token: str) -> str:
    return Digest.of(token.encode()).hex
