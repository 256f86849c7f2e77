"""Who a machine is: a token in the Authorization header, and nothing else. No cookie is looked at, so nothing can be forged across sites.

Whoever brings no token gets what everybody may know of. A token for reading adds what its owner may know of its product, nothing else.

Wrong tokens are counted by address, in this process alone and in memory: a guess of 32 random bytes succeeds never, so the count only
keeps a broken script from filling the log. Whoever brings a good token is let in however many others at its address were wrong, because
behind a proxy all of them have one address.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.http import Http404
from ninja.security.base import AuthBase

from transparency.errors import EvidenceError, NotAllowedError
from transparency.models import ApiToken, Delivery, Product, Release
from transparency.permissions import Right, known_products, may
from transparency.queries import find_release
from transparency.services.use_token import use_token
from transparency.web.api_errors import error_answer

if TYPE_CHECKING:
    from django.http import HttpRequest, JsonResponse

    from transparency.permissions import Someone

WRONG_A_MINUTE = 100
MINUTE_SECONDS = 60.0
# Addresses that are remembered; past this all of them are forgotten, which lets a few more guesses through.
MAX_ADDRESSES = 10_000
_AUTHORIZATION = re.compile(r"Bearer +(\S+)\Z", re.IGNORECASE)


class WrongTokens:
    """How many wrong tokens came from each address within the present minute."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._counts: dict[str, int] = {}
        self._began = 0.0

    def count(self, address: str) -> int:
        """Note one more and return how many there were."""
        now = time.monotonic()
        with self._turn:
            if now - self._began >= MINUTE_SECONDS or len(self._counts) > MAX_ADDRESSES:
                self._counts, self._began = {}, now
            self._counts[address] = self._counts.get(address, 0) + 1
            return self._counts[address]

    def forget(self) -> None:
        with self._turn:
            self._counts = {}


wrong_tokens = WrongTokens()


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks: a token, or nobody in particular."""

    token: ApiToken | None

    def person_for(self, product: Product) -> Someone:
        """In whose name something of this product is looked at."""
        return self.token.owner if self.token and self.token.product_id == product.pk else AnonymousUser()

    def may(self, right: Right, target: Product | Release | Delivery, *, path: str = "") -> bool:
        return may(self.person_for(_product_of(target)), right, target, path=path)

    def known(self) -> Q:
        """The filter on Product that equals `may(KNOW, product)` for each row."""
        opened = known_products(AnonymousUser())
        if self.token and self.may(Right.KNOW, self.token.product):
            return opened | Q(pk=self.token.product_id)
        return opened


class Token(AuthBase):
    """The door of an operation: a token of one scope. Where `optional`, nobody in particular is let in as well."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "A token issued on a product's *Tokens* page, good for its scopes on that product."

    def __init__(self, scope: ApiToken.Scope, *, optional: bool = False) -> None:
        super().__init__()
        self.scope, self.optional = scope, optional

    def __call__(self, request: HttpRequest) -> Caller:
        if self.optional and "Authorization" not in request.headers:
            return Caller(None)
        return Caller(use_token(secret=_secret_of(request), scope=self.scope))


delivering = Token(ApiToken.Scope.DELIVER)
reading = Token(ApiToken.Scope.READ, optional=True)


def caller_of(request: HttpRequest) -> Caller:
    """Who the door let in."""
    caller = getattr(request, "auth", None)
    if not isinstance(caller, Caller):
        raise Http404
    return caller


def token_of(request: HttpRequest) -> ApiToken:
    """The token of an operation that is for tokens alone."""
    token = caller_of(request).token
    if token is None:
        raise Http404
    return token


def known_product(request: HttpRequest, slug: str) -> Product:
    """A product that the caller may know of, else the 404 of what does not exist; and so below."""
    row = Product.objects.select_related("vendor").filter(slug=slug).first()
    if row is None or not caller_of(request).may(Right.KNOW, row):
        raise Http404
    return row


def known_release(request: HttpRequest, slug: str, version: str) -> Release:
    row = find_release(slug, version)
    if row is None or not caller_of(request).may(Right.KNOW, row):
        raise Http404
    return row


def refused_token(request: HttpRequest, error: EvidenceError) -> JsonResponse:
    """The answer to a token that is not let in."""
    response = error_answer(error)
    if response.status_code != 401:  # noqa: PLR2004 - its token is good, its owner's right is not
        return response
    if wrong_tokens.count(request.META.get("REMOTE_ADDR", "")) > WRONG_A_MINUTE:
        limit = f"at most {WRONG_A_MINUTE} wrong tokens a minute"
        response = error_answer(EvidenceError("token-attempts", expected=limit, found="more"))
        response.headers["Retry-After"] = str(int(MINUTE_SECONDS))
        return response
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _secret_of(request: HttpRequest) -> str:
    found = _AUTHORIZATION.match(request.headers.get("Authorization", ""))
    if found is None:
        raise NotAllowedError("token-missing", expected="Authorization: Bearer <token>", found="none")
    return found[1]


def _product_of(target: Product | Release | Delivery) -> Product:
    if isinstance(target, Delivery):
        return target.release.product
    return target.product if isinstance(target, Release) else target
