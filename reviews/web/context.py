"""What every page knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reviews.permissions import authority_of

if TYPE_CHECKING:
    from django.http import HttpRequest

THEMES = (("system", "as the system"), ("light", "light"), ("dark", "dark"))


def page(request: HttpRequest) -> dict[str, Any]:
    chosen = request.COOKIES.get("theme", "system")
    user = getattr(request, "user", None)
    return {
        "theme": chosen if chosen in dict(THEMES) else "system",
        "themes": THEMES,
        "authority": authority_of(user) if user else None,
    }
