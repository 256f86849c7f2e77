"""Pages kept in memory for as long as nothing that they are made of changes (docs/adr/0011).

Whoever shows a page says what it is made of: its *state*, the rows that the page and every question of permission behind it read. A page
is answered from memory only where the same person asks for the same address in the same session and the state is the same; it is never
answered by its age. What differs by request, the token of its forms, is put in anew each time.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from django.conf import settings
from django.contrib.messages import get_messages
from django.middleware.csrf import get_token
from django.utils.cache import get_conditional_response

from transparency.proofs.digest import Digest
from transparency.web.access import signed_in
from transparency.web.spliced import KeptResponse, Spliced, SplicedResponse

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

_KEPT_HEADERS = ("Content-Type", "Cache-Control")
_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="(\w{64})"')
_SHOWN_ONCE = ("deleted",)  # of the query: what was just done, offered to be taken back


class State(Protocol):
    """What a page is made of, as one digest."""

    @property
    def digest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class _Kept:
    state: str
    page: Spliced
    headers: dict[str, str]
    digest: str  # of the page without its tokens; empty where browsers keep nothing of it


class KeptPages:
    """The pages used last, up to so many bytes in all; safe to use by several threads."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes, self._lock = 0, Lock()

    def get(self, address: str, state: str) -> _Kept | None:
        with self._lock:
            kept = self._pages.get(address)
            if kept is None or kept.state != state:
                return None
            self._pages.move_to_end(address)
            return kept

    def put(self, address: str, kept: _Kept) -> None:
        with self._lock:
            self._drop(address)
            if kept.page.size > settings.KEPT_PAGES_BYTES:  # all others would make room in vain
                return
            self._pages[address] = kept
            self._bytes += kept.page.size
            while self._bytes > settings.KEPT_PAGES_BYTES:
                self._drop(next(iter(self._pages)))

    @property
    def size(self) -> int:
        """Bytes held now."""
        return self._bytes

    def clear(self) -> None:
        with self._lock:
            self._pages.clear()
            self._bytes = 0

    def _drop(self, address: str) -> None:
        old = self._pages.pop(address, None)
        self._bytes -= old.page.size if old else 0


pages = KeptPages()


def kept_page(request: HttpRequest, state: State) -> HttpResponseBase | None:
    """The page as it was made of the same state, or "not modified" for a browser that has it; None where it has to be made."""
    if not _may_be_kept(request):
        return None
    kept = pages.get(_address(request), state.digest)
    if kept is None:
        return None
    response = KeptResponse(kept.page, get_token(request).encode())
    for name, value in kept.headers.items():
        response.headers[name] = value
    if not kept.digest:
        return response
    response.headers["ETag"] = tag = _tag(request, kept.digest)
    return get_conditional_response(request, etag=tag, response=response)


def keep_page(request: HttpRequest, response: HttpResponse, before: State, after: State | None) -> HttpResponse:
    """Keep a page whose state was the same before it was made and after; one that browsers may keep gets its ETag."""
    if (
        response.status_code != HTTPStatus.OK
        or not _may_be_kept(request)
        or after is None
        or after.digest != before.digest
    ):
        return response
    found = _TOKEN.search(response.content)
    token = found[1] if found else b""
    page = Spliced.of(response.content, token)
    address, digest = _address(request), ""
    if "no-store" not in response.headers.get("Cache-Control", ""):
        digest = Digest.of(b"\0".join((address.encode(), *page.plain))).hex
        response.headers["ETag"] = _tag(request, digest)
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    pages.put(address, _Kept(before.digest, page, headers, digest))
    shown = SplicedResponse(page, token)  # which need not be compressed once more
    shown.headers = response.headers
    return shown


def _tag(request: HttpRequest, page: str) -> str:
    """Of the page as it is, whichever version of the portal made it, and of the secret that its tokens count under.

    A browser whose cookie of that secret is gone gets the page anew: the forms in its copy would be refused.
    """
    get_token(request)  # makes the secret where there is none yet
    return f'"{Digest.of((page + request.META["CSRF_COOKIE"]).encode()).hex[:32]}"'


def _may_be_kept(request: HttpRequest) -> bool:
    """Whether the page says nothing that is said once: a message, what was just deleted."""
    return (
        request.method in {"GET", "HEAD"}
        and not any(word in request.GET for word in _SHOWN_ONCE)
        and not len(get_messages(request))
    )


def _address(request: HttpRequest) -> str:
    """Who asks for what, and all of the frame around a page that no state of its own names."""
    person = signed_in(request)
    organisation = person.organisation
    asked = (
        request.get_full_path(),
        request.session.session_key,
        request.COOKIES.get("theme"),
        (person.pk, person.is_active, person.display_name),
        organisation and (organisation.pk, organisation.kind, organisation.name),
    )
    return Digest.of(repr(asked).encode()).hex
