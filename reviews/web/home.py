"""Home: what this is for everybody, and what waits for whoever signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.queries import engagements_of, reading_of, statements_waiting
from reviews.web.catalogue import known_releases, listed
from transparency.models import Delivery, Job, LogEntry, Organisation, Person, Product, Release
from transparency.permissions import Right, may
from transparency.queries import installation, log_head
from transparency.web.caching import ASK_AGAIN, NEVER

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

NEWEST = 10
ENDED = (Job.State.DONE, Job.State.CANCELLED)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    nobody = AnonymousUser()
    context: dict[str, Any] = {"listed": listed(known_releases(nobody)[:NEWEST], nobody)}
    if isinstance(request.user, Person):
        context |= {"kind": "", **_waiting(request.user)}
    response = render(request, "reviews/home.html", context)
    response.headers["Cache-Control"] = NEVER if request.user.is_authenticated else ASK_AGAIN
    return response


def _waiting(person: Person) -> dict[str, Any]:
    kind = person.organisation.kind if person.organisation else None
    if kind == Organisation.Kind.AUTHORITY:
        return {"kind": kind, **_of_auditor(person)}
    if kind == Organisation.Kind.VENDOR:
        return {"kind": kind, "quarantined": _quarantined(person), **_of_vendor(person)}
    if kind == Organisation.Kind.OPERATOR:
        return {"kind": kind, "quarantined": _quarantined(person), **_of_operator()}
    return {}


def _of_auditor(person: Person) -> dict[str, Any]:
    engagements = engagements_of(person)
    return {
        "engagements": [
            (row, reading_of(asked_by=person, engagement=row).share_of("") if row.release.subject else None)
            for row in engagements
        ],
        "statements": statements_waiting(person),
        "has_key": person.anchors.exists(),
    }


def _of_vendor(person: Person) -> dict[str, Any]:
    products = Product.objects.filter(vendor=person.organisation)
    releases = Release.objects.filter(product__in=products)
    deliveries = Delivery.objects.filter(release__in=releases, state=Delivery.State.ADMITTED)
    jobs = Job.objects.filter(payload__release__in=list(releases.values_list("pk", flat=True)))
    return {
        "products": products.prefetch_related("releases__subject"),
        "deliveries": deliveries.select_related("release__product").order_by("-created_at")[:NEWEST],
        "jobs": jobs.order_by("-created_at")[:NEWEST],
    }


def _of_operator() -> dict[str, Any]:
    head = log_head()
    return {
        "jobs": Job.objects.exclude(state__in=ENDED).order_by("-created_at")[:NEWEST],
        "done": Job.objects.filter(state=Job.State.DONE).count(),
        "head": head,
        "newest": LogEntry.objects.filter(index=head.size - 1).first(),
        "pending": LogEntry.objects.filter(index__isnull=True).count(),
        "installation": installation(),
    }


def _quarantined(person: Person) -> list[Delivery]:
    rows = Delivery.objects.filter(state=Delivery.State.QUARANTINED).select_related("release__product__vendor")
    return [row for row in rows.order_by("-created_at") if may(person, Right.SEE_QUARANTINE, row)][:NEWEST]
