"""Grants are asked for once in a request that only reads. One that ended counts at the next request; whatever writes asks each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.permissions import remembering_grants

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

_READING = frozenset({"GET", "HEAD"})


class RememberGrants:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in _READING:
            return self.get_response(request)
        with remembering_grants():
            return self.get_response(request)
