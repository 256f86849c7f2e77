"""A centre in which everything is there twice: an open product and what hangs on it, a restricted one and what hangs on that.

EXAMPLES says for every address by name which of these things its arguments name. A new address needs a line there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from reviews.services.accept_envelope import accept_envelope
from reviews.services.freeze_statement import freeze_statement
from reviews.services.mark_region import mark_region
from reviews.services.write_note import write_note
from tests.cast import OPEN_FILES, RESTRICTED_FILES, deliver, finish
from tests.handed_sboms import add_sbom
from tests.reviews.conftest import engage
from tests.reviews.services.signing import sign_statement
from tests.sboms import spdx2
from transparency.models import Delivery, Grant, Organisation, Person, TrustAnchor
from transparency.permissions import Right
from transparency.queries import log_head
from transparency.services.begin_upload import begin_upload
from transparency.services.compare_snapshots import Wanted, request_comparison
from transparency.services.ensure_release import ensure_release
from transparency.services.invite_person import invite_person
from transparency.services.issue_token import issue_token
from transparency.services.publish_log import publish_log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cast import Cast
    from transparency.models import Release

Things = dict[str, Any]
# What the names of arguments mean where a line of EXAMPLES does not say it.
USUAL = {"slug": "product", "product": "product", "version": "version", "index": "index", "path": "path"}


@dataclass(frozen=True)
class World:
    """Arguments by what they name: of the open product, of the restricted one, and of nothing at all."""

    opened: Things
    hidden: Things
    missing: Things

    def address(self, name: str, things: Things) -> str:
        """The address of that name for these things."""
        return reverse(name, kwargs={argument: things[thing] for argument, thing in arguments_of(name).items()})


def arguments_of(name: str) -> dict[str, str]:
    """Arguments of an address, and what each of them names."""
    pairs = [pair.partition("=") for pair in EXAMPLES[name].split()]
    return {argument: thing or USUAL[argument] for argument, _, thing in pairs}


def addresses() -> Iterator[tuple[str, URLPattern]]:
    """Every address of the portal by name."""

    def walk(resolver: URLResolver, space: str, above: str) -> Iterator[tuple[str, URLPattern, str]]:
        for pattern in resolver.url_patterns:
            whole = f"{above}{pattern.pattern}"
            if isinstance(pattern, URLPattern):
                yield f"{space}{pattern.name}", pattern, whole
            else:
                yield from walk(pattern, f"{space}{pattern.namespace}:" if pattern.namespace else space, whole)

    # allauth's own names of addresses that have ours say nothing new.
    seen: set[str] = set()
    for name, pattern, whole in walk(get_resolver(), "", ""):
        if whole not in seen or name.startswith("api-v1:"):
            yield name, pattern
        seen.add(whole)


def build_world(cast: Cast) -> World:
    widget = deliver(
        cast, product="widget", files={**OPEN_FILES, "back\\slash": b"x\n"}, builds={"widget.bin": b"widget build\n"}
    )
    vault = deliver(
        cast,
        product="vault",
        version="9.9",
        files={**RESTRICTED_FILES, "back\\slash": b"x\n"},
        restricted=True,
        builds={"vault.bin": b"vault build\n"},
    )
    gizmo = ensure_release(vendor="rival", product="gizmo", version="1.0", restricted=True)
    Person.objects.create_user("loner", password="loner-password-long")
    publish_log()
    opened = things_of(cast, widget, "README", "src", cast.auditor)
    hidden = things_of(cast, vault, "secret-plan.txt", "hidden", cast.other_auditor)
    opened |= {"vendor": "acme", "vendor_key": vendor_key("acme", cast.vendor_key.public)}
    hidden |= {"vendor": "rival", "vendor_key": vendor_key(gizmo.product.vendor.slug, cast.other_auditor_key.public)}
    publish_log()
    opened["tile"] = hidden["tile"] = f"0/000.p/{log_head().size}"
    return World(opened, hidden, {name: nothing_like(value) for name, value in opened.items()})


def things_of(cast: Cast, release: Release, path: str, folder: str, person: Person) -> Things:
    """Everything that hangs on a release, and on a person who may know of it, or may not."""
    product, organisation = release.product, person.organisation
    assert organisation is not None
    engagement = engage(cast.auditor, release)
    mark_region(person=cast.auditor, engagement=engagement, path=path, start=1, end=1, level="read")
    note = write_note(person=cast.auditor, engagement=engagement, path=path, start=1, end=1, text="ours")
    statements = [
        freeze_statement(
            person=cast.auditor, engagement=engagement, anchor=cast.auditor.anchors.get(), conclusion="concerns"
        )
        for _ in range(2)
    ]
    attestation = accept_envelope(
        person=cast.auditor, statement=statements[0], data=sign_statement(statements[0], cast.auditor_key)
    )
    delivery = release.deliveries.get()
    withdrawn = Delivery.objects.get(pk=delivery.pk)
    withdrawn.pk, withdrawn.state, withdrawn.record_digest = None, Delivery.State.WITHDRAWN, ""
    withdrawn.save()
    upload = begin_upload(product=product, sender=cast.vendor, name="next.tar.gz", size=9)
    invitation, secret = invite_person(organisation=organisation, name="Somebody", by=cast.operator)
    return {
        "product": product.slug,
        "version": release.version,
        "path": path,
        "folder": folder,
        "delivery": delivery.pk,
        "withdrawn": withdrawn.pk,
        "comparison": comparison_of(release, folder),
        "rule": delivery.flagged[0]["rule"],
        "position": delivery.signatures.get().position,
        "builds": release.build_lists.get().pk,
        "sbom": add_sbom(release, spdx2({path: b""}), sender=cast.vendor).pk,
        "anchor": product.anchors.get().pk,
        "grant": Grant.objects.create(person=cast.auditor, product=product, rights=[Right.READ_SOURCE]).pk,
        "token": issue_token(product=product, owner=cast.vendor, name="CI", days=9, scopes=["deliver", "read"])[0].pk,
        "job": delivery.job_id,
        "upload": upload.pk,
        "offset": 0,
        "engagement": engagement.pk,
        "note": note.pk,
        "statement": statements[1].pk,
        "attestation": attestation.pk,
        "digest": attestation.digest,
        "index": 0,
        "username": person.username,
        "organisation": organisation.slug,
        "invitation": invitation.pk,
        "secret": secret,
        "own_key": person.anchors.get().pk,
        "session": session_of(person),
        "passkey": 999_998,
        "rest": "v1/nothing",
    }


def comparison_of(release: Release, folder: str) -> int:
    """A folder of the release beside all of it: everything else stands on one side alone."""
    assert release.subject is not None
    wanted = Wanted(release.subject, release.subject, first_below=folder)
    result = finish(request_comparison(wanted=wanted, by=None, send=False)).result
    return int((result or {})["comparison"])


def vendor_key(slug: str, public: str) -> int:
    """A key for all products of a vendor, as a keyring brings it."""
    return TrustAnchor.objects.create(
        organisation=Organisation.objects.get(slug=slug),
        format=TrustAnchor.Format.SSH,
        public=public,
        fingerprint=f"SHA256:of-{slug}",
    ).pk


def session_of(person: Person) -> int:
    """A session on another machine of that person."""
    store = SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store.create()
    now = timezone.now()
    row = UserSession.objects.create(
        user=person, session_key=store.session_key, ip="192.0.2.1", user_agent="", last_seen_at=now, data={}
    )
    return int(row.pk)


def nothing_like(value: object) -> object:
    """Of the same kind, and naming nothing that is there."""
    if isinstance(value, UUID):
        return UUID(int=1)
    return 999_999 if isinstance(value, int) else "nothing"


EXAMPLES = {
    "healthz": "",
    "home": "",
    "jump": "",
    "keys-help": "",
    "theme": "",
    "log": "",
    "log-checkpoint": "",
    "log-tile": "path=tile",
    "log-entry": "index",
    "log-proof": "index",
    "log-checkpoint-page": "",
    "log-monitor": "",
    "log-watch-program": "",
    "log-leaf": "index",
    "trust": "",
    "trust-file": "",
    "products": "",
    "product-new": "",
    "product": "slug",
    "anchors": "slug",
    "anchor-public": "slug identity=anchor",
    "anchor-rotate": "slug identity=anchor",
    "anchor-revoke": "slug identity=anchor",
    "reverify": "slug",
    "grants": "slug",
    "grant-give": "slug",
    "grant-end": "slug identity=grant",
    "vendor-keys": "slug=vendor",
    "vendor-key-text": "slug=vendor identity=vendor_key",
    "vendor-key-revoke": "slug=vendor identity=vendor_key",
    "delivery": "identity=delivery",
    "delivery-members": "identity=delivery rule=rule",
    "signature-file": "identity=delivery position=position",
    "cover-file": "identity=delivery",
    "delivery-withdraw": "identity=delivery",
    "delivery-admit": "identity=delivery",
    "delivery-check-again": "identity=delivery",
    "builds": "identity=builds",
    "sbom": "identity=sbom",
    "sbom-add": "slug version",
    "quarantine": "",
    "jobs": "",
    "job": "identity=job",
    "job-progress": "identity=job",
    "job-cancel": "identity=job",
    "job-retry": "identity=job",
    "job-deliver": "identity=job",
    "deliver": "slug",
    "deliver-source": "slug",
    "deliver-git": "slug",
    "uploads": "slug",
    "upload": "identity=upload",
    "upload-chunk": "identity=upload offset=offset",
    "upload-finish": "identity=upload",
    "upload-discard": "identity=upload",
    "tokens": "slug",
    "token-revoke": "slug identity=token",
    "release": "product version",
    "dossier": "product version",
    "record": "product version",
    "exposure": "product version",
    "leaves": "product version",
    "release-notes": "product version",
    "questions": "slug",
    "tree": "product version",
    "folder": "product version path=folder",
    "file": "product version path",
    "raw": "product version path",
    "withdrawn-tree": "product version identity=withdrawn",
    "withdrawn-folder": "product version identity=withdrawn path=folder",
    "withdrawn-file": "product version identity=withdrawn path",
    "compare": "",
    "comparison": "identity=comparison",
    "compared-file": "identity=comparison number=offset",
    "engagements": "",
    "engagement-new": "",
    "engagement": "identity=engagement",
    "engagement-accept": "identity=engagement",
    "note-write": "identity=engagement",
    "mark": "identity=engagement",
    "statement-freeze": "identity=engagement",
    "statement-new": "identity=engagement",
    "note": "identity=note",
    "note-reply": "identity=note",
    "note-edit": "identity=note",
    "note-resolve": "identity=note",
    "note-reopen": "identity=note",
    "note-share": "identity=note",
    "note-delete": "identity=note",
    "note-restore": "identity=note",
    "statement": "identity=statement",
    "statement-abandon": "identity=statement",
    "statement-take-up": "identity=statement",
    "statement-payload": "identity=statement",
    "statement-pae": "identity=statement",
    "attestation": "digest=digest",
    "attestation-envelope": "digest=digest",
    "keys": "",
    "key-replace": "identity=own_key",
    "key-revoke": "identity=own_key",
    "organisations": "",
    "organisation": "organisation=organisation",
    "organisation-rename": "organisation=organisation",
    "invite": "organisation=organisation",
    "invitation-withdraw": "organisation=organisation identity=invitation",
    "invitation": "secret=secret",
    "person": "username=username",
    "account-close": "username=username",
    "account-open": "username=username",
    "person-key-revoke": "username=username identity=own_key",
    "settings-check": "",
    "sign-in": "",
    "sign-in-passkey": "",
    "second-step": "",
    "sign-out": "",
    "account": "",
    "change-password": "",
    "confirm": "",
    "confirm-code": "",
    "confirm-passkey": "",
    "passkey-add": "",
    "passkey-rename": "identity=passkey",
    "passkey-remove": "identity=passkey",
    "recovery-codes": "",
    "recovery-codes-make": "",
    "session-end": "identity=session",
    "sessions-end-others": "",
    "api": "",
    "api-document": "",
    "api-nothing": "rest=rest",
    "api-v1:api-root": "",
    "api-v1:products": "",
    "api-v1:product": "slug",
    "api-v1:releases": "slug",
    "api-v1:release": "slug version",
    "api-v1:deliveries": "slug version",
    "api-v1:delivery": "identity=delivery",
    "api-v1:build_lists": "slug version",
    "api-v1:build_list": "identity=builds",
    "api-v1:artifacts_of": "identity=builds",
    "api-v1:artifacts": "",
    "api-v1:sboms": "slug version",
    "api-v1:sbom": "identity=sbom",
    "api-v1:attestations": "slug version",
    "api-v1:attestation": "identity=attestation",
    "api-v1:chain": "slug version",
    "api-v1:log": "",
    "api-v1:log_entries": "",
    "api-v1:log_entry": "index",
    "api-v1:begin": "slug",
    "api-v1:upload": "identity=upload",
    "api-v1:discard": "identity=upload",
    "api-v1:chunk": "identity=upload offset=offset",
    "api-v1:finish": "identity=upload",
    "api-v1:deliver": "slug",
    "api-v1:job": "identity=job",
}
