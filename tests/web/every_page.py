"""Every page of the portal by the name of its address: who looks at it, where, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.web.furnished import LONG

if TYPE_CHECKING:
    from tests.web.furnished import Furnished


class Look(NamedTuple):
    """Somebody's look at one address; nobody's where `person` is empty."""

    person: str
    place: str
    status: int = 200


# Addresses that answer no page to a GET: files, data, and what is only ever sent.
NO_PAGE = {
    "healthz", "log-checkpoint", "log-watch-program", "log-tile", "log-leaf", "log-proof", "anchor-public", "vendor-key-text",
    "signature-file", "cover-file", "job-progress", "trust-file", "dossier", "raw", "statement-payload", "statement-pae",
    "attestation-envelope", "api-document", "api-nothing", "upload-chunk",
    "reverify", "delivery-check-again", "job-cancel", "job-retry", "job-deliver", "invitation-withdraw", "token-revoke",
    "upload", "uploads", "upload-finish", "upload-discard", "theme", "note-write", "mark", "statement-freeze", "note-reply", "note-resolve",
    "note-reopen", "note-delete", "note-restore", "statement-abandon", "statement-take-up", "sign-in-passkey", "sign-out",
    "session-end", "sessions-end-others", "engagement-accept", "invite",
}  # fmt: skip
# Pages that need a passkey or half a sign-in; the test walks them by itself.
BY_PASSKEY = {
    "second-step", "confirm-code", "confirm-passkey", "passkey-rename", "passkey-remove", "recovery-codes",
    "recovery-codes-make",
}  # fmt: skip
EVERYBODY = ("", "anna", "vera", "olga", "stan")


def by_all(place: str) -> list[Look]:
    return [Look(person, place) for person in EVERYBODY]


def pages_of(at: Furnished) -> dict[str, list[Look]]:
    """Most particular first within a name: whoever sees most of a page looks at it."""
    release, vault = "/products/widget/1.0/", "/products/vault/9.9/"
    gone = f"/products/gone/1.0/withdrawn/{at.withdrawn.pk}/"
    engagement, thread = f"/engagements/{at.engagement.pk}/", f"/notes/{at.thread.pk}/"
    delivery = f"/deliveries/{at.release.deliveries.get().pk}/"
    key, own = f"/products/widget/-/keys/{at.product_key.pk}/", f"/keys/{at.own_key.pk}/"
    return {
        "home": by_all("/"),
        "products": [Look("", "/products/"), Look("vera", "/products/")],
        "product": [Look("", "/products/widget/"), Look("anna", "/products/widget/"), Look("vera", "/products/vault/")],
        "release": [*by_all(release), Look("vera", vault), Look("vera", "/products/gone/1.0/"), Look("", "/products/broken/1.0/"), Look("vera", f"{release}?as=public")],
        "record": [Look("", f"{release}record/"), Look("vera", f"{vault}record/")],
        "leaves": [Look("vera", f"{vault}leaves/")],
        "exposure": [Look("vera", f"{release}exposure/"), Look("vera", f"{vault}exposure/")],
        "release-notes": [Look("", f"{release}notes/"), Look("", "/products/flags/1.0/notes/")],
        "questions": [Look("vera", "/products/widget/-/questions/"), Look("vera", "/products/vault/-/questions/")],
        "tree": [Look("anna", f"{release}tree/"), Look("vera", f"{release}tree/"), Look("anna", f"{vault}tree/")],
        "folder": [Look("anna", f"{release}tree/src/"), Look("anna", f"{release}tree/deep/{LONG}/")],
        "file": [Look("anna", f"{release}file/src/main.c"), Look("anna", f"{release}file/src/main.c?lines=2-4"), Look("vera", f"{release}file/src/main.c"), Look("anna", f"{release}file/src/long.c"), Look("stan", f"{release}file/src/bidi.c"), Look("anna", f"{release}file/logo.bin"), Look("anna", f"{release}file/src/empty"), Look("anna", f"{release}file/src/main.c?deleted={at.deleted.pk}")],
        "withdrawn-tree": [Look("anna", f"{gone}tree/")],
        "withdrawn-folder": [Look("anna", f"{gone}tree/src/")],
        "withdrawn-file": [Look("anna", f"{gone}file/README")],
        "jump": [Look("", "/jump/"), Look("anna", "/jump/?q=main.c"), Look("olga", "/jump/?q=a"), Look("", "/jump/?q=nothing-of-it"), Look("", "/jump/?q=" + "x" * 301)],
        "keys-help": [Look("", "/help/keys/")],
        "trust": [Look("", "/trust/")],
        "log": [Look("", "/log/"), Look("olga", "/log/?kind=attestation"), Look("", "/log/?product=nothing")],
        "log-checkpoint-page": [Look("", "/log/checkpoint/")],
        "log-monitor": [Look("", "/log/monitor/")],
        "log-entry": [Look("", "/log/entry/0/"), Look("vera", "/log/entry/3/")],
        "anchors": [Look("vera", "/products/widget/-/keys/"), Look("", "/products/widget/-/keys/")],
        "anchor-rotate": [Look("vera", f"{key}replace/")],
        "anchor-revoke": [Look("vera", f"{key}revoke/")],
        "vendor-keys": [Look("olga", "/vendors/acme/keys/"), Look("", "/vendors/acme/keys/?q=nothing")],
        "vendor-key-revoke": [Look("olga", f"/vendors/acme/keys/{at.vendor_key.pk}/revoke/")],
        "delivery": [Look("", delivery), Look("vera", delivery), Look("olga", f"/deliveries/{at.refused.pk}/"), Look("olga", f"/deliveries/{at.expired.pk}/"), Look("vera", f"/deliveries/{at.withdrawn.pk}/"), Look("", f"/deliveries/{at.flagged.pk}/")],
        "delivery-members": [Look("", f"/deliveries/{at.flagged.pk}/members/{at.flagged.flagged[0]['rule']}/")],
        "delivery-withdraw": [Look("vera", f"{delivery}withdraw/")],
        "delivery-admit": [Look("olga", f"/deliveries/{at.expired.pk}/admit/")],
        "sbom": [Look("", f"/sboms/{at.sbom.pk}/"), Look("vera", f"/sboms/{at.sbom.pk}/")],
        "sbom-add": [Look("vera", "/products/widget/-/sbom/1.0/")],
        "builds": [Look("", f"/builds/{at.release.build_lists.get().pk}/")],
        "quarantine": [Look("olga", "/quarantine/"), Look("vera", "/quarantine/"), Look("stan", "/quarantine/")],
        "jobs": [Look("olga", "/jobs/"), Look("vera", "/jobs/"), Look("stan", "/jobs/")],
        "job": [Look("vera", f"/jobs/{at.release.deliveries.get().job_id}/"), Look("vera", f"/jobs/{at.running.pk}/"), Look("vera", f"/jobs/{at.failed.pk}/")],
        "keys": [Look("anna", "/keys/"), Look("vera", "/keys/", 403)],
        "key-replace": [Look("anna", f"{own}replace/")],
        "key-revoke": [Look("anna", f"{own}revoke/")],
        "person-key-revoke": [Look("olga", f"/people/anna/keys/{at.own_key.pk}/revoke/")],
        "organisations": [Look("olga", "/organisations/")],
        "organisation": [Look("olga", "/organisations/north/"), Look("anna", "/organisations/north/"), Look("vera", "/organisations/acme/")],
        "organisation-rename": [Look("olga", "/organisations/north/name/")],
        "invitation": [Look("", f"/invitations/{at.secret}/"), Look("", "/invitations/nothing/", 404)],
        "person": [Look("olga", "/people/anna/"), Look("anna", "/people/anna/")],
        "account-close": [Look("olga", "/people/anna/close/")],
        "account-open": [Look("olga", "/people/cora/open/")],
        "grants": [Look("vera", "/products/vault/-/grants/"), Look("vera", "/products/flags/-/grants/"), Look("olga", "/products/vault/-/grants/")],
        "grant-give": [Look("vera", "/products/vault/-/grants/give/")],
        "grant-end": [Look("vera", f"/products/vault/-/grants/{at.grant.pk}/end/")],
        "product-new": [Look("olga", "/products/-/new/"), Look("vera", "/products/-/new/")],
        "settings-check": [Look("olga", "/centre/settings/")],
        "sign-in": [Look("", "/sign-in/"), Look("", "/sign-in/?next=/engagements/")],
        "account": [Look("anna", "/account/"), Look("stan", "/account/")],
        "change-password": [Look("anna", "/account/password/")],
        "confirm": [Look("anna", "/account/confirm/")],
        "passkey-add": [Look("anna", "/account/passkeys/add/")],
        "api": [Look("", "/api/")],
        "deliver": [Look("vera", "/products/widget/-/deliver/")],
        "deliver-source": [Look("vera", "/products/widget/-/deliver/debian/")],
        "deliver-git": [Look("vera", "/products/widget/-/deliver/git/")],
        "tokens": [Look("vera", "/products/widget/-/tokens/"), Look("vera", "/products/flags/-/tokens/")],
        "compare": [Look("vera", "/compare/"), Look("anna", "/compare/")],
        "comparison": [Look("vera", f"/comparisons/{at.comparison}/"), Look("anna", f"/comparisons/{at.comparison}/?class=moved")],
        "compared-file": [Look("anna", f"/comparisons/{at.comparison}/{number}/") for number in (0, 4)],
        "engagements": [Look("anna", "/engagements/"), Look("bela", "/engagements/"), Look("stan", "/engagements/", 403)],
        "engagement-new": [Look("anna", "/engagements/new/"), Look("bela", "/engagements/new/")],
        "engagement": [Look("anna", engagement), Look("anna", f"/engagements/{at.restricted.pk}/")],
        "note": [Look("anna", thread), Look("vera", thread)],
        "note-edit": [Look("anna", f"{thread}edit/")],
        "note-share": [Look("anna", f"{thread}share/"), Look("anna", f"{thread}share/?visibility=public"), Look("anna", f"{thread}share/?visibility=mine")],
        "statement-new": [Look("anna", f"{engagement}statements/new/"), Look("bela", f"/engagements/{at.other.pk}/statements/new/")],
        "statement": [Look("anna", f"/statements/{at.statement.pk}/"), Look("anna", f"/statements/{at.abandoned.pk}/"), Look("anna", f"/statements/{at.attestation.statement_id}/")],
        "attestation": [Look("", f"/attestations/{at.attestation.digest}/"), Look("anna", f"/attestations/{at.attestation.digest}/")],
    }  # fmt: skip


# What the pages say of what is wrong: where, what is filled in, and the name of the button.
WRONG: tuple[tuple[str, str, dict[str, str], str, int], ...] = (
    ("", "/sign-in/", {"username": "anna", "password": "not this one"}, "Sign in", 200),
    ("anna", "/engagements/new/", {}, "", 422),
    ("anna", "/keys/", {"public": "no key"}, "", 422),
    ("vera", "/products/-/new/", {}, "", 422),
    ("vera", "/compare/", {}, "", 422),
    ("vera", "/products/widget/-/tokens/", {}, "Issue it", 422),
    ("vera", "/products/vault/-/grants/give/", {}, "", 422),
    ("vera", "/products/widget/-/keys/", {"public": "no key"}, "Enrol this key", 422),
    ("olga", "/organisations/", {}, "", 422),
    ("olga", "/organisations/north/", {"name": ""}, "Make the link", 422),
)


def in_forced_colours(at: Furnished) -> dict[str, tuple[str, ...]]:
    """The main pages of everybody, for who chooses all colours."""
    release, engagement = "/products/widget/1.0/", f"/engagements/{at.engagement.pk}/"
    return {
        "": ("/", release, "/log/entry/0/", "/sign-in/"),
        "anna": (f"{release}tree/", f"{release}file/src/main.c", engagement, f"{engagement}statements/new/"),
        "vera": ("/", f"{release}exposure/", f"/jobs/{at.running.pk}/"),
        "olga": ("/", "/organisations/"),
    }
