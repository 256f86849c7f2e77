"""What every page knows: the choice of colours, where one is, and what the navigation offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reviews.permissions import authority_of

if TYPE_CHECKING:
    from django.http import HttpRequest

THEMES = (("system", "as the system"), ("light", "light"), ("dark", "dark"))
# Names of addresses, by the entry of the navigation that they belong to.
_SECTIONS = {
    "products": "products",
    "product": "products",
    "anchors": "products",
    "anchor-rotate": "products",
    "anchor-revoke": "products",
    "deliver": "products",
    "deliver-source": "products",
    "tokens": "products",
    "product-new": "products",
    "grants": "products",
    "grant-give": "products",
    "grant-end": "products",
    "release": "products",
    "release-notes": "products",
    "questions": "products",
    "note": "products",
    "note-edit": "products",
    "note-share": "products",
    "record": "products",
    "leaves": "products",
    "trust": "products",
    "tree": "products",
    "folder": "products",
    "file": "products",
    "withdrawn-tree": "products",
    "withdrawn-folder": "products",
    "withdrawn-file": "products",
    "delivery": "products",
    "builds": "products",
    "log": "log",
    "log-entry": "log",
    "log-checkpoint-page": "log",
    "log-monitor": "log",
    "attestation": "products",
    "exposure": "products",
    "engagements": "engagements",
    "engagement": "engagements",
    "engagement-new": "engagements",
    "statement-new": "engagements",
    "statement-freeze": "engagements",
    "statement": "engagements",
    "keys": "keys",
    "key-replace": "keys",
    "key-revoke": "keys",
    "person-key-revoke": "organisations",
    "quarantine": "quarantine",
    "jobs": "jobs",
    "job": "jobs",
    "sign-in": "sign-in",
    "organisations": "organisations",
    "organisation": "organisations",
    "organisation-rename": "organisations",
    "invite": "organisations",
    "person": "organisations",
    "settings-check": "organisations",
    "account-close": "organisations",
    "account-open": "organisations",
    "second-step": "sign-in",
    "account": "account",
    "change-password": "account",
    "passkey-add": "account",
    "passkey-rename": "account",
    "passkey-remove": "account",
    "recovery-codes": "account",
    "recovery-codes-make": "account",
}


def page(request: HttpRequest) -> dict[str, Any]:
    chosen = request.COOKIES.get("theme", "system")
    user = getattr(request, "user", None)
    organisation = getattr(user, "organisation", None)
    return {
        "theme": chosen if chosen in dict(THEMES) else "system",
        "themes": THEMES,
        "authority": authority_of(user) if user else None,
        "organisation": organisation,
        "operates": organisation is not None and organisation.kind == organisation.Kind.OPERATOR,
        "own_view": getattr(request, "own_view", ""),
        "handles_deliveries": organisation is not None and organisation.kind != organisation.Kind.AUTHORITY,
        "section": _SECTIONS.get(request.resolver_match.url_name or "", "") if request.resolver_match else "",
    }
