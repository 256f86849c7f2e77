"""Headers that every answer carries, errors included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse


# What a policy has to say by name: `default-src` does not stand for it.
NOT_BY_DEFAULT = ("form-action", "base-uri", "frame-ancestors", "require-trusted-types-for", "trusted-types")


class SecurityHeaders:
    """Content-Security-Policy and its companions; a view may set a stricter policy of its own, never a wider one by omission."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.policy = "; ".join(f"{name} {value}" for name, value in settings.CONTENT_SECURITY_POLICY.items())

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = response.headers.get("Content-Security-Policy")
        response.headers["Content-Security-Policy"] = self._completed(policy) if policy else self.policy
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    def _completed(self, policy: str) -> str:
        """A view's own policy with what `default-src` says nothing about."""
        said = {directive.split()[0] for directive in policy.split(";") if directive.strip()}
        rest = [f"{name} {settings.CONTENT_SECURITY_POLICY[name]}" for name in NOT_BY_DEFAULT if name not in said]
        return "; ".join([policy, *rest])
