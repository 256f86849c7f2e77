"""What people stated, for machines: attestations with the envelope as it was signed, and a release's chain link by link."""

import base64
from datetime import datetime
from typing import Annotated, get_args

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse
from ninja import Field, Query, Router

from reviews import models
from reviews.permissions import may_have_envelope
from reviews.queries import release_report, review_of
from reviews.web.chain import shown_links, unchecked
from transparency.permissions import Right
from transparency.proofs.attest.predicates import Conclusion as AnyConclusion
from transparency.queries import log_head
from transparency.web.api_access import Caller, caller_of, known_release
from transparency.web.api_doors import as_of, page_of, reads
from transparency.web.api_shapes import AfterNumber, Answer, Hex32, Logged, PageAnswer, Shape, one_of

router = Router()
_TAG = "attestations"
Conclusion = Annotated[str, one_of(*get_args(AnyConclusion))]


class Stated(Shape):
    """What one auditor states to have read. A machine counted the lines; that they were read is the person's word."""

    authority: str = Field(examples=["northern-agency"])
    conclusion: Conclusion
    in_scope: int = Field(description="Lines of text in the engagement's scope.", examples=[5131])
    read: int = Field(description="Lines of these with a mark of at least `read`.", examples=[465])
    opaque_bytes: int = Field(description="Bytes in scope that are not text.", examples=[0])
    people_state: str
    machines_found: str
    finished_at: datetime
    valid_until: datetime | None


class Attestation(Shape):
    """An in-toto Statement in a DSSE envelope, signed by the auditor's own key."""

    id: int = Field(examples=[4])
    product: str = Field(examples=["widget"])
    release: str = Field(examples=["1.0"])
    manifest: Hex32 = Field(description="The source that it is about.")
    digest: Hex32 = Field(description="SHA-256 of the envelope.")
    statement_digest: Hex32
    key: str = Field(description="Fingerprint of the key that it was checked against.", examples=["SHA256:47DEQ..."])
    stated: Stated
    logged: Logged | None
    created_at: datetime
    page: str = Field(examples=["/attestations/" + "9f" * 32 + "/"])


class AttestationAnswer(Answer):
    attestation: Attestation
    envelope: str | None = Field(
        description="The envelope's bytes in base64. Null where they name a restricted source that you may not have."
    )


class AttestationsAnswer(PageAnswer):
    attestations: list[Attestation]


class Link(Shape):
    """One link of the chain, as `transparency verify` prints it."""

    name: str = Field(examples=["deliveries/0/signature"])
    title: str = Field(examples=["Source delivery 0: signed by the vendor"])
    status: str = Field(description="`proved` by a machine, `stated` by people, `failed`, or what else it is.")
    detail: str


class ChainAnswer(Answer):
    links: list[Link]
    unchecked: list[str] = Field(description="What nobody checked, in sentences.")


@reads(router, "/products/{slug:slug}/releases/{version}/attestations", AttestationsAnswer, tag=_TAG)
def attestations(request: HttpRequest, slug: str, version: str, page: Query[AfterNumber]) -> AttestationsAnswer:
    """The accepted attestations of a release, oldest first. Ask for each to have its envelope."""
    release, head = known_release(request, slug, version), log_head()
    rows = _rows().filter(release=release, pk__gt=page.after or 0).order_by("pk")
    place = reverse("api-v1:attestations", args=[slug, version])
    shown, following = page_of(rows, limit=page.limit, place=place, after=lambda row: row.pk)
    told = [_shape(row, head.size) for row in shown]
    return AttestationsAnswer(as_of=as_of(head), attestations=told, next=following)


@reads(router, "/attestations/{int:identity}", AttestationAnswer, tag=_TAG)
def attestation(request: HttpRequest, identity: int) -> AttestationAnswer:
    """One attestation with its envelope, to be checked against a key that you got elsewhere."""
    row, caller, head = _rows().filter(pk=identity).first(), caller_of(request), log_head()
    if row is None or not caller.may(Right.KNOW, row.release):
        raise Http404
    return AttestationAnswer(as_of=as_of(head), attestation=_shape(row, head.size), envelope=_envelope(row, caller))


@reads(router, "/products/{slug:slug}/releases/{version}/chain", ChainAnswer, tag="verdicts")
def chain(request: HttpRequest, slug: str, version: str) -> ChainAnswer:
    """The release's chain link by link, as its dossier would answer without a trust file: origin not established."""
    release, caller = known_release(request, slug, version), caller_of(request)
    if release.subject is None:
        raise Http404
    report = release_report(asked_by=caller.person_for(release.product), release=release)
    links = [
        Link(name=each.name, title=each.title, status=each.word, detail=each.detail) for each in shown_links(report)
    ]
    return ChainAnswer(as_of=as_of(), links=links, unchecked=unchecked(report, release))


def _shape(row: models.Attestation, size: int) -> Attestation:
    statement = row.statement
    review = review_of(statement)
    index = row.entry.index
    return Attestation(
        id=row.pk,
        product=row.release.product.slug,
        release=row.release.version,
        manifest=statement.snapshot.manifest,
        digest=row.digest,
        statement_digest=statement.digest,
        key=statement.anchor.fingerprint,
        stated=Stated(
            authority=review.reviewer.org,
            conclusion=review.conclusion,
            in_scope=review.coverage.in_scope,
            read=review.coverage.read,
            opaque_bytes=review.coverage.opaque_bytes,
            people_state=review.people_state,
            machines_found=review.machines_found,
            finished_at=review.finished_at,
            valid_until=review.valid_until,
        ),
        logged=Logged(index=index, entry=f"/api/v1/log/entries/{index}")
        if index is not None and index < size
        else None,
        created_at=row.created_at,
        page=reverse("attestation", args=[row.digest]),
    )


def _envelope(row: models.Attestation, caller: Caller) -> str | None:
    if not may_have_envelope(caller.person_for(row.release.product), row):
        return None
    return base64.b64encode(bytes(row.envelope)).decode()


def _rows() -> QuerySet[models.Attestation]:
    return models.Attestation.objects.select_related(
        "entry", "release__product__vendor", "statement__snapshot", "statement__anchor"
    )
