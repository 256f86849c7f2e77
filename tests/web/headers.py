"""The headers that every answer carries, whatever it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

# What monitors in browsers on other sites may read: the log's own files, the same for everybody.
PUBLIC_FILES = re.compile(r"/log/(checkpoint|tile/.*|entry/[0-9]+/leaf\.json)\Z")


def headers_are_whole(answer: Answer, place: str = "") -> None:
    assert missing_headers(answer, place) == []


def missing_headers(answer: Answer, place: str = "") -> list[str]:
    """What is missing or not as it has to be."""
    policy = dict(
        part.strip().partition(" ")[::2] for part in answer.headers.get("Content-Security-Policy", "").split(";")
    )
    shared = PUBLIC_FILES.match(place) is not None
    wanted = {
        "default-src": policy.get("default-src") == "'none'",
        "script-src": policy.get("script-src", "'self'") == "'self'",
        "base-uri": policy.get("base-uri") == "'none'",
        "form-action": policy.get("form-action") in {"'self'", "'none'"},
        "frame-ancestors": policy.get("frame-ancestors") == "'none'",
        "trusted types": policy.get("require-trusted-types-for") == "'script'",
        "nothing unsafe": "unsafe" not in str(policy) and "*" not in str(policy),
        "nosniff": answer.headers.get("X-Content-Type-Options") == "nosniff",
        "Referrer-Policy": answer.headers.get("Referrer-Policy") in {"same-origin", "no-referrer"},
        "COOP": answer.headers.get("Cross-Origin-Opener-Policy") == "same-origin",
        "CORP": answer.headers.get("Cross-Origin-Resource-Policy") in {"same-origin", *(["cross-origin"] * shared)},
        "Permissions-Policy": "camera=()" in answer.headers.get("Permissions-Policy", ""),
        "CORS": shared or "Access-Control-Allow-Origin" not in answer.headers,
    }
    return [name for name, holds in wanted.items() if not holds]
