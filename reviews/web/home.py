"""Home: what this is for everybody, and what waits for whoever signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.views.decorators.http import require_GET

from reviews.queries import engagements_of, statements_waiting
from transparency.models import Delivery, Job, Organisation, Person, Product, Release
from transparency.permissions import Right, may
from transparency.queries import log_head

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

NEWEST = 10


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    opened = Release.objects.filter(product__visibility=Product.Visibility.OPEN, subject__isnull=False)
    context: dict[str, Any] = {
        "open_releases": opened.select_related("product__vendor", "subject").order_by("-created_at")[:NEWEST]
    }
    user = request.user
    if isinstance(user, Person):
        context["kind"] = user.organisation.kind if user.organisation else ""
        context |= _waiting(user)
    return render(request, "reviews/home.html", context)


def _waiting(person: Person) -> dict[str, Any]:
    kind = person.organisation.kind if person.organisation else None
    if kind == Organisation.Kind.AUTHORITY:
        return {"engagements": engagements_of(person), "statements": statements_waiting(person)}
    quarantined = Delivery.objects.filter(state=Delivery.State.QUARANTINED).select_related("release__product__vendor")
    seen = [row for row in quarantined.order_by("-created_at") if may(person, Right.SEE_QUARANTINE, row)][:NEWEST]
    if kind == Organisation.Kind.VENDOR:
        products = Product.objects.filter(vendor=person.organisation)
        jobs = Job.objects.filter(
            payload__release__in=list(Release.objects.filter(product__in=products).values_list("pk", flat=True))
        )
        return {"products": products, "quarantined": seen, "jobs": jobs.order_by("-created_at")[:NEWEST]}
    if kind == Organisation.Kind.OPERATOR:
        ended = [Job.State.DONE, Job.State.CANCELLED]
        unfinished = Job.objects.exclude(state__in=ended).order_by("-created_at")[:NEWEST]
        return {"quarantined": seen, "jobs": unfinished, "head": log_head()}
    return {}
