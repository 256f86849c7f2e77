"""The demonstration's reviews: who may review what, and the engagements in which the made-up auditors can start.

Both authorities review the open product; the restricted one is opened to one of them, so that its secrecy can be seen. No
note, mark or statement is made for anybody: reading and signing are left to whoever tries it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from reviews.models import Engagement
from reviews.services.create_engagement import create_engagement
from transparency.models import Grant, Person, Product, Release
from transparency.permissions import Right

if TYPE_CHECKING:
    from collections.abc import Callable

_OPEN, _RESTRICTED = Product.Visibility.OPEN, Product.Visibility.RESTRICTED
_TEAMS = (("anna", _OPEN, "red"), ("bela", _OPEN, "blue"), ("anna", _RESTRICTED, "black"))
_DAYS = 90
_TERMS = "A demonstration: made-up people, throw-away keys."


def demo_reviews(say: Callable[[str], object]) -> None:
    """Make the grants and engagements that are missing, for the demonstration's own releases and people alone."""
    operator = Person.objects.filter(username="olga", demo=True).first()
    if operator is None:
        return
    for username, visibility, depth in _TEAMS:
        person = Person.objects.filter(username=username, demo=True).select_related("organisation").first()
        if person is None:
            continue
        releases = Release.objects.filter(
            product__vendor__people__demo=True, product__visibility=visibility, subject__isnull=False
        ).distinct()
        for release in releases:
            if _engage(person, release, depth, operator):
                say(f"  {username:6} reviews {release.product.slug} {release.version}")


def _engage(person: Person, release: Release, depth: str, operator: Person) -> bool:
    authority = person.organisation
    if authority is None or Engagement.objects.filter(authority=authority, release=release).exists():
        return False
    with transaction.atomic():
        Grant.objects.get_or_create(
            organisation=authority,
            release=release,
            defaults={"rights": [Right.REVIEW], "granted_by": release.product.vendor.people.filter(demo=True).first()},
        )
        create_engagement(
            created_by=operator,
            authority=authority,
            release=release,
            auditors=[person],
            depth=depth,
            terms=_TERMS,
            starts_at=timezone.now().replace(microsecond=0),
            ends_at=timezone.now().replace(microsecond=0) + timedelta(days=_DAYS),
        )
    return True
