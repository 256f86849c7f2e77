"""Bills of materials for machines: what each declares, beside the source."""

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse
from ninja import Query, Router

from transparency import models
from transparency.permissions import Right
from transparency.queries import log_head
from transparency.web.api_access import Caller, caller_of, known_release
from transparency.web.api_doors import as_of, page_of, reads
from transparency.web.api_shapes import (
    AfterNumber,
    DeclaredPart,
    Oddity,
    OtherDigest,
    Sbom,
    SbomAnswer,
    SbomFiles,
    SbomsAnswer,
)
from transparency.web.told_sbom import told_sbom

router = Router()
_TAG = "builds"
MOST_PACKAGES = 200
_COUNTS = ("declared", "same", "weakly", "unchecked", "differing", "absent", "undeclared", "twice")


@reads(router, "/products/{slug:slug}/releases/{version}/sboms", SbomsAnswer, tag=_TAG)
def sboms(request: HttpRequest, slug: str, version: str, page: Query[AfterNumber]) -> SbomsAnswer:
    """The bills of materials of a release, oldest first."""
    release, caller = known_release(request, slug, version), caller_of(request)
    rows = _rows().filter(release=release, pk__gt=page.after or 0).order_by("pk")
    place = reverse("api-v1:sboms", args=[slug, version])
    shown, following = page_of(rows, limit=page.limit, place=place, after=lambda row: row.pk)
    return SbomsAnswer(as_of=as_of(log_head()), sboms=[sbom_shape(row, caller) for row in shown], next=following)


@reads(router, "/sboms/{int:identity}", SbomAnswer, tag=_TAG)
def sbom(request: HttpRequest, identity: int) -> SbomAnswer:
    """One bill of materials: what is declared and absent, there and undeclared, of another digest."""
    row, caller = _rows().filter(pk=identity).first(), caller_of(request)
    if row is None or not caller.may(Right.KNOW, row.release):
        raise Http404
    return SbomAnswer(as_of=as_of(log_head()), sbom=sbom_shape(row, caller))


def sbom_shape(row: models.Sbom, caller: Caller) -> Sbom:
    told = told_sbom(caller.person_for(row.release.product), row)
    return Sbom(
        id=row.pk,
        product=row.release.product.slug,
        release=row.release.version,
        delivery=row.delivery_id,
        manifest=row.snapshot.manifest,
        file_name=row.file_name,
        sha256=row.sha256,
        form=row.form,
        title=row.title if told.whole else "",
        files=SbomFiles(
            **{name: row.tree[name] for name in _COUNTS},
            differences=[OtherDigest(**item) for item in told.differences],
            absent_paths=told.absent,
            undeclared_paths=told.undeclared,
        ),
        subjects=[DeclaredPart(**item) for item in told.subjects[:MOST_PACKAGES]],
        packages_declared=row.packages_declared,
        packages=[DeclaredPart(**item) for item in told.packages[:MOST_PACKAGES]],
        findings=[Oddity(**item) for item in told.findings],
        untold=told.untold,
        created_at=row.created_at,
        page=reverse("sbom", args=[row.pk]),
    )


def _rows() -> QuerySet[models.Sbom]:
    return models.Sbom.objects.select_related("release__product__vendor", "snapshot")
