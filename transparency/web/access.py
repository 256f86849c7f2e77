"""One question per object, one answer for what one may not know of: 404, the same as for what does not exist.

403 is for what somebody may know of and may not do: `refuse` with the reason, which the page shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from django.core.exceptions import PermissionDenied
from django.http import Http404

from transparency.models import BuildList, Delivery, Job, Person, Product, Release
from transparency.permissions import Right, may
from transparency.queries import find_release

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest


def release_or_404(request: HttpRequest, product: str, version: str, right: Right = Right.KNOW) -> Release:
    release = find_release(product, version)
    if release is None or not may(request.user, right, release):
        raise Http404
    return release


def product_or_404(request: HttpRequest, slug: str, right: Right = Right.KNOW) -> Product:
    product = Product.objects.select_related("vendor").filter(slug=slug).first()
    if product is None or not may(request.user, right, product):
        raise Http404
    return product


def delivery_or_404(request: HttpRequest, identity: int) -> Delivery:
    """Admitted ones for everybody who may know of the release; those in quarantine for sender, vendor and operator."""
    rows = Delivery.objects.select_related("release__product__vendor", "snapshot")
    delivery = rows.filter(pk=identity).first()
    if delivery is None or not may(request.user, Right.KNOW, delivery):
        raise Http404
    return delivery


def builds_or_404(request: HttpRequest, identity: int) -> BuildList:
    builds = BuildList.objects.select_related("release__product__vendor").filter(pk=identity).first()
    if builds is None or not may(request.user, Right.KNOW, builds.release):
        raise Http404
    return builds


def job_or_404(request: HttpRequest, identity: UUID) -> Job:
    """The operator, the product's vendor, and whoever asked for it as long as they may know what it is about."""
    job = Job.objects.filter(pk=identity).first()
    if job is None:
        raise Http404
    about = job_subject(job)
    own = request.user.is_authenticated and job.requested_by_id == request.user.pk
    own = own and (about is None or may(request.user, Right.KNOW, about))
    if not (own or may(request.user, Right.OPERATE, None) or (about and may(request.user, Right.DELIVER, about))):
        raise Http404
    return job


def job_subject(job: Job) -> Release | Product | None:
    """The release or the product that the work is about."""
    if job.payload.get("release"):
        return Release.objects.select_related("product__vendor").filter(pk=job.payload["release"]).first()
    return Product.objects.select_related("vendor").filter(pk=job.payload.get("product")).first()


def signed_in(request: HttpRequest) -> Person:
    """The person behind the request; `login_required` stands before every view that asks."""
    if not isinstance(request.user, Person):
        raise Http404
    person: Person = getattr(
        request.user, "_wrapped", request.user
    )  # not the lazy one: a page asks it thousands of times
    return person


def refuse(reason: str) -> NoReturn:
    """403, for somebody who may know of the object. The reason is shown as it is."""
    raise PermissionDenied(reason)
