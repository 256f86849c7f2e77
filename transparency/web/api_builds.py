"""Published builds for machines: the signed lists, their files, and which release a file is of."""

from typing import Annotated

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse
from ninja import Field, Query, Router

from transparency import models
from transparency.permissions import Right
from transparency.queries import log_head
from transparency.reports import signature_steps
from transparency.web.api_access import caller_of, known_release
from transparency.web.api_doors import as_of, logged, page_of, reads
from transparency.web.api_shapes import (
    AfterName,
    AfterNumber,
    Artifact,
    ArtifactsAnswer,
    BuildList,
    BuildListAnswer,
    BuildListsAnswer,
    Logged,
    SignedList,
    Step,
    Verdict,
)

router = Router()
_TAG = "builds"


class FileAsked(AfterNumber):
    """A file that somebody has."""

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the file, in lower case.")]


@reads(router, "/products/{slug:slug}/releases/{version}/builds", BuildListsAnswer, tag=_TAG)
def build_lists(request: HttpRequest, slug: str, version: str, page: Query[AfterNumber]) -> BuildListsAnswer:
    """The imports of builds of a release, oldest first."""
    release, head = known_release(request, slug, version), log_head()
    rows = _rows().filter(release=release, pk__gt=page.after or 0).order_by("pk")
    place = reverse("api-v1:build_lists", args=[slug, version])
    shown, following = page_of(rows, limit=page.limit, place=place, after=lambda row: row.pk)
    places = logged("builds", (row.record_digest for row in shown), head)
    told = [builds_shape(row, places.get(row.record_digest)) for row in shown]
    return BuildListsAnswer(as_of=as_of(head), builds=told, next=following)


@reads(router, "/builds/{int:identity}", BuildListAnswer, tag=_TAG)
def build_list(request: HttpRequest, identity: int) -> BuildListAnswer:
    """One import of builds: the verdict on its list, and the steps that led there."""
    row, head = _known_builds(request, identity), log_head()
    place = logged("builds", [row.record_digest], head).get(row.record_digest)
    return BuildListAnswer(as_of=as_of(head), builds=builds_shape(row, place))


@reads(router, "/builds/{int:identity}/artifacts", ArtifactsAnswer, tag=_TAG)
def artifacts_of(request: HttpRequest, identity: int, page: Query[AfterName]) -> ArtifactsAnswer:
    """The files of one import of builds, by name."""
    row = _known_builds(request, identity)
    rows = row.artifacts.filter(name__gt=page.after).select_related("build_list__release__product").order_by("name")
    place = reverse("api-v1:artifacts_of", args=[row.pk])
    shown, following = page_of(rows, limit=page.limit, place=place, after=lambda item: item.name)
    return ArtifactsAnswer(as_of=as_of(), artifacts=[artifact_shape(item) for item in shown], next=following)


@reads(router, "/artifacts", ArtifactsAnswer, tag=_TAG)
def artifacts(request: HttpRequest, page: Query[FileAsked]) -> ArtifactsAnswer:
    """Which published builds a file is among. An empty list says that no list that you may know of names it."""
    caller = caller_of(request)
    products = models.Product.objects.filter(caller.known()).values("pk")
    rows = models.Artifact.objects.filter(
        sha256=page.sha256, pk__gt=page.after or 0, build_list__release__product__in=products
    ).select_related("build_list__release__product__vendor")
    shown, following = page_of(
        rows.order_by("pk"),
        limit=page.limit,
        place=reverse("api-v1:artifacts"),
        after=lambda item: item.pk,
        seen=lambda item: caller.may(Right.KNOW, item.build_list.release),
        query={"sha256": page.sha256},
    )
    return ArtifactsAnswer(as_of=as_of(), artifacts=[artifact_shape(item) for item in shown], next=following)


def builds_shape(row: models.BuildList, place: Logged | None) -> BuildList:
    return BuildList(
        id=row.pk,
        product=row.release.product.slug,
        release=row.release.version,
        manifest=row.manifest or None,
        signed_list=SignedList(name=row.name, sha256=row.sha256) if row.sha256 else None,
        verdict=Verdict(outcome=row.verdict, code=row.verdict_code, policy=row.policy),
        steps=[Step(**step) for step in signature_steps(row.signatures.all())],
        artifacts=reverse("api-v1:artifacts_of", args=[row.pk]),
        logged=place,
        created_at=row.created_at,
        page=reverse("builds", args=[row.pk]),
    )


def artifact_shape(row: models.Artifact) -> Artifact:
    release = row.build_list.release
    return Artifact(
        name=row.name,
        size=row.size,
        sha256=row.sha256 or None,
        listed=row.listed or None,
        listing=row.listing,
        product=release.product.slug,
        release=release.version,
        builds=reverse("api-v1:build_list", args=[row.build_list_id]),
    )


def _rows() -> QuerySet[models.BuildList]:
    return models.BuildList.objects.select_related("release__product__vendor")


def _known_builds(request: HttpRequest, identity: int) -> models.BuildList:
    row = _rows().filter(pk=identity).first()
    if row is None or not caller_of(request).may(Right.KNOW, row.release):
        raise Http404
    return row
