"""A centre in which every page has something to show: of each kind of thing at least one, made by the services and signed for real."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pysequoia
import pytest
from django.utils import timezone

from reviews.services.abandon_statement import abandon_statement
from reviews.services.accept_terms import accept_terms
from reviews.services.delete_note import delete_note
from reviews.services.edit_note import edit_note
from reviews.services.freeze_statement import freeze_statement
from reviews.services.mark_region import mark_region
from reviews.services.reply_to_note import reply_to_note
from reviews.services.resolve_note import resolve_note
from reviews.services.write_note import write_note
from tests.cast import OPEN_FILES, RESTRICTED_FILES, deliver, finish
from tests.handed_sboms import add_sbom
from tests.reviews.conftest import colleague, engage
from tests.sboms import spdx2
from tests.services.test_admit_quarantined import arrive
from tests.signers import OpenPgpSigner
from tests.web.attesting import attest
from tests.web.test_deliveries import quarantine
from transparency.models import Delivery, Job, Organisation, TrustAnchor
from transparency.permissions import Right
from transparency.services.begin_upload import begin_upload
from transparency.services.close_account import close_account
from transparency.services.compare_snapshots import Wanted, request_comparison
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.grant_rights import grant_rights
from transparency.services.import_keyring import import_keyring
from transparency.services.invite_person import invite_person
from transparency.services.issue_token import issue_token
from transparency.services.withdraw_delivery import withdraw_delivery

if TYPE_CHECKING:
    from reviews.models import Attestation, Engagement, Note, Statement
    from tests.cast import Cast
    from transparency.models import ApiToken, Grant, Invitation, Release, Sbom, Upload

LONG = "a-name-that-does-not-want-to-end-" * 2
FILES = {
    **OPEN_FILES,
    "src/long.c": b"int " + b"x" * 400 + b";\n" + b"int y;\n" * 60,
    "src/bidi.c": "int a; /* \u202e } */ \u2066 if (admin) {\u2069\n".encode(),
    f"deep/{LONG}/{LONG}.txt": b"deep\n",
}
MARKDOWN = """Why **this**? See `util` and [the manual](https://example.org/).

- one
- two

> quoted

```
int code(void);
```
"""


@dataclass(frozen=True)
class Furnished:
    """What the pages' addresses need."""

    cast: Cast
    release: Release
    engagement: Engagement
    restricted: Engagement
    other: Engagement
    thread: Note
    deleted: Note
    statement: Statement
    abandoned: Statement
    attestation: Attestation
    refused: Delivery
    expired: Delivery
    flagged: Delivery
    withdrawn: Delivery
    grant: Grant
    invitation: Invitation
    secret: str
    token: ApiToken
    upload: Upload
    vendor_key: TrustAnchor
    product_key: TrustAnchor
    own_key: TrustAnchor
    sbom: Sbom
    running: Job
    failed: Job
    comparison: int


@pytest.fixture
def furnished(cast: Cast) -> Furnished:
    release = deliver(cast, product="widget", files=FILES, builds={"widget.bin": b"widget build\n"})
    vault = deliver(cast, product="vault", version="9.9", files=RESTRICTED_FILES, restricted=True, builds={"v": b"v\n"})
    engagement = engage(cast.auditor, release, terms="Read well.\nTell nobody.")
    accept_terms(person=cast.auditor, engagement=engagement, digest=engagement.digest)
    restricted = engage(cast.auditor, vault, terms="Not accepted yet.")
    thread, deleted = _talk(cast, engagement)
    attestation = attest(cast.auditor, cast.auditor_key, engagement, path="src/main.c", lines=5)
    anchor = TrustAnchor.objects.get(person=cast.auditor)
    statement, abandoned = (
        freeze_statement(person=cast.auditor, engagement=engagement, anchor=anchor, conclusion=conclusion)
        for conclusion in ("concerns", "abstain")
    )
    abandon_statement(person=cast.auditor, statement=abandoned)
    withdrawn = _withdrawn(cast)
    ring = bytes(pysequoia.Cert.from_bytes(OpenPgpSigner("x" * 120 + " <b>").key.public.encode()))
    close_account(person=colleague(cast.auditor, "cora"), reason="left", by=cast.operator)
    import_keyring(vendor="acme", keyrings=[ring], names=["ring.asc"], enrolled_by=None)
    grant = grant_rights(
        organisation=Organisation.objects.get(slug="south"), product=vault.product, release=None, folder="hidden",
        rights=[Right.READ_SOURCE], granted_by=cast.vendor,
    )  # fmt: skip
    invitation, secret = invite_person(
        organisation=Organisation.objects.get(slug="north"), name="Nina Neu", by=cast.operator
    )
    token, _ = issue_token(product=release.product, owner=cast.vendor, name="ci", days=30)
    running, failed = vault.deliveries.get().job, withdrawn.job
    Job.objects.filter(pk=running.pk).update(
        state="running", finished_at=None, lease_until=timezone.now() + timedelta(minutes=5),
        progress={"step": "reading members", "archiveBytes": 5, "archiveSize": 10, "members": 3, "bytes": 1234},
    )  # fmt: skip
    Job.objects.filter(pk=failed.pk).update(
        state="failed", error={"code": "object-damaged", "expected": "a" * 64, "found": "b" * 64}
    )
    flagged = _flagged(cast)
    return Furnished(
        comparison=_compared(release, flagged), cast=cast, release=release, engagement=engagement, restricted=restricted, other=engage(cast.other_auditor, release),
        thread=thread, deleted=deleted,
        statement=statement, abandoned=abandoned, attestation=attestation, refused=quarantine(
            cast, cast.vendor_key, {"a": b"x", "a/../../evil\u202e": b"y"}
        ),
        expired=_expired(cast), flagged=flagged, withdrawn=withdrawn, grant=grant, invitation=invitation,
        secret=secret, token=token,
        upload=begin_upload(product=release.product, sender=cast.vendor, name="widget-2.0.tar.gz", size=10),
        sbom=_sbom(cast, release), vendor_key=TrustAnchor.objects.get(organisation__slug="acme", product=None), running=running, failed=failed,
        product_key=release.product.anchors.get(), own_key=anchor,
    )  # fmt: skip


def _sbom(cast: Cast, release: Release) -> Sbom:
    """With something in every list."""
    files = {path: data for path, data in FILES.items() if path != "src/long.c"}
    document = spdx2({**files, "README": b"another\n", f"gone/{LONG}.c": b""}, name=LONG, version="2.0")
    return add_sbom(release, document, sender=cast.vendor, name=f"{LONG}.spdx.json")


def _talk(cast: Cast, engagement: Engagement) -> tuple[Note, Note]:
    """A thread with the vendor, and one of every other kind: on a file, settled, edited, deleted, public."""
    anna = cast.auditor

    def write(
        text: str,
        *,
        path: str = "src/main.c",
        lines: tuple[int, int] = (0, 0),
        about: str = "region",
        visibility: str = "authority",
    ) -> Note:
        return write_note(
            person=anna,
            engagement=engagement,
            path=path,
            text=text,
            start=lines[0],
            end=lines[1],
            about=about,
            visibility=visibility,
        )

    thread = write(MARKDOWN, lines=(3, 5), visibility="vendor")
    reply_to_note(person=cast.vendor, note=thread, text="Because util is all there is.")
    edit_note(person=anna, note=thread, text=MARKDOWN + "\nEdited.")
    resolve_note(person=anna, note=write("settled", lines=(1, 1)))
    write("on the whole file", about="file", visibility="public")
    write("on the folder", path="src", about="folder")
    deleted = delete_note(person=anna, note=write("gone", lines=(2, 2)))
    mark_region(person=anna, engagement=engagement, path="src/main.c", start=1, end=2, level="skimmed")
    return thread, deleted


def _withdrawn(cast: Cast) -> Delivery:
    release = deliver(cast, product="gone")
    engagement = engage(cast.auditor, release)
    write_note(person=cast.auditor, engagement=engagement, path="README", text="kept", start=1, end=1)
    return withdraw_delivery(delivery=release.deliveries.get(), reason="the wrong archive", by=cast.vendor)


def _expired(cast: Cast) -> Delivery:
    """In quarantine, and the operator may let it out."""
    release = ensure_release(vendor="acme", product="old", version="1.0", restricted=False)
    anchor = enrol_product_anchor(product=release.product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    TrustAnchor.objects.filter(pk=anchor.pk).update(valid_until=timezone.now() - timedelta(days=1))
    return arrive(cast, cast.vendor_key)


def _compared(release: Release, other: Delivery) -> int:
    assert release.subject is not None
    assert other.snapshot is not None
    result = finish(request_comparison(wanted=Wanted(release.subject, other.snapshot), by=None, send=False)).result
    return int((result or {})["comparison"])


def _flagged(cast: Cast) -> Delivery:
    return deliver(cast, product="flags", files={"back\\slash": b"x\n", "b": b"y\n"}).deliveries.get()
