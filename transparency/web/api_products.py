"""Products and their releases, for machines."""

from django.http import HttpRequest
from django.urls import reverse
from ninja import Query, Router

from transparency import models
from transparency.permissions import Right
from transparency.web.api_access import caller_of, known_product, known_release
from transparency.web.api_doors import as_of, page_of, reads
from transparency.web.api_shapes import (
    AfterName,
    Organisation,
    Product,
    ProductAnswer,
    ProductsAnswer,
    Release,
    ReleaseAnswer,
    ReleasesAnswer,
    Subject,
)

router = Router()
_TAG = "products"


@reads(router, "/products", ProductsAnswer, tag=_TAG)
def products(request: HttpRequest, page: Query[AfterName]) -> ProductsAnswer:
    """The products that you may know of, by name."""
    rows = models.Product.objects.filter(caller_of(request).known(), slug__gt=page.after).select_related("vendor")
    place = reverse("api-v1:products")
    shown, following = page_of(rows.order_by("slug"), limit=page.limit, place=place, after=lambda row: row.slug)
    return ProductsAnswer(as_of=as_of(), products=[product_shape(row) for row in shown], next=following)


@reads(router, "/products/{slug:slug}", ProductAnswer, tag=_TAG)
def product(request: HttpRequest, slug: str) -> ProductAnswer:
    """One product."""
    return ProductAnswer(as_of=as_of(), product=product_shape(known_product(request, slug)))


@reads(router, "/products/{slug:slug}/releases", ReleasesAnswer, tag=_TAG)
def releases(request: HttpRequest, slug: str, page: Query[AfterName]) -> ReleasesAnswer:
    """The releases of a product, by version."""
    row, caller = known_product(request, slug), caller_of(request)
    rows = row.releases.filter(version__gt=page.after).select_related("subject", "product__vendor").order_by("version")
    shown, following = page_of(
        rows,
        limit=page.limit,
        place=reverse("api-v1:releases", args=[row.slug]),
        after=lambda release: release.version,
        seen=lambda release: caller.may(Right.KNOW, release),
    )
    return ReleasesAnswer(as_of=as_of(), releases=[release_shape(release) for release in shown], next=following)


@reads(router, "/products/{slug:slug}/releases/{version}", ReleaseAnswer, tag=_TAG)
def release(request: HttpRequest, slug: str, version: str) -> ReleaseAnswer:
    """One release, and the source that it stands for."""
    return ReleaseAnswer(as_of=as_of(), release=release_shape(known_release(request, slug, version)))


def product_shape(row: models.Product) -> Product:
    return Product(
        slug=row.slug,
        name=row.name,
        vendor=Organisation(slug=row.vendor.slug, name=row.vendor.name),
        visibility="restricted" if row.is_restricted else "open",
        page=reverse("product", args=[row.slug]),
    )


def release_shape(row: models.Release) -> Release:
    return Release(
        product=row.product.slug,
        version=row.version,
        subject=subject_shape(row.subject) if row.subject else None,
        created_at=row.created_at,
        page=reverse("release", args=[row.product.slug, row.version]),
    )


def subject_shape(row: models.Snapshot) -> Subject:
    return Subject(
        manifest=row.manifest,
        git_tree=row.git_tree,
        dir_hash=row.dir_hash,
        files=row.files,
        bytes=row.bytes,
        lines=row.lines,
    )
