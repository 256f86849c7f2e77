"""Home: what this is for everybody, and what waits for whoever signed in (home_auditor.py, home_vendor.py, today.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.web.catalogue import listed, releases_known_to
from reviews.web.home_auditor import auditors_home
from reviews.web.home_vendor import vendors_home
from reviews.web.today import today
from transparency.models import Delivery, Organisation, Person
from transparency.permissions import seen_in_quarantine
from transparency.web.caching import ASK_AGAIN, NEVER

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

NEWEST = 10


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    nobody = AnonymousUser()
    context: dict[str, Any] = {"listed": listed(releases_known_to(nobody)[:NEWEST], nobody)}
    if isinstance(request.user, Person):
        context |= {"kind": "", **_waiting(request.user)}
    response = render(request, "reviews/home.html", context)
    response.headers["Cache-Control"] = NEVER if request.user.is_authenticated else ASK_AGAIN
    return response


def _waiting(person: Person) -> dict[str, Any]:
    kind = person.organisation.kind if person.organisation else None
    if kind == Organisation.Kind.AUTHORITY:
        return {"kind": kind, **auditors_home(person)}
    if kind == Organisation.Kind.VENDOR:
        return {"kind": kind, "quarantined": _quarantined(person), **vendors_home(person)}
    if kind == Organisation.Kind.OPERATOR:
        return {"kind": kind, "quarantined": _quarantined(person), "lines": today()}
    return {}


def _quarantined(person: Person) -> list[Delivery]:
    rows = Delivery.objects.filter(seen_in_quarantine(person)).select_related("release__product__vendor")
    return list(rows.order_by("-created_at")[:NEWEST])
