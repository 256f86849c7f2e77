"""What waits for a vendor: deliveries in work, questions of auditors that are open, releases as they stand, who reads what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q

from reviews.models import Note
from reviews.note_rights import OUTWARD
from reviews.web.note_places import address_of
from transparency.models import Delivery, Job, Product, Release
from transparency.web.jobs import RUNNING, job_name, jobs_seen_by

if TYPE_CHECKING:
    from transparency.models import Organisation, Person

NEWEST = 10
QUESTIONS = 5


def vendors_home(person: Person) -> dict[str, Any]:
    vendor = person.organisation
    if vendor is None:
        raise AssertionError("a vendor's home for somebody of no organisation")
    jobs = jobs_seen_by(person).order_by("-created_at")
    questions = _questions(vendor)
    return {
        "in_work": [(row, job_name(row)) for row in jobs.filter(state__in=RUNNING)[:NEWEST]],
        "failed": [(row, job_name(row)) for row in jobs.filter(state=Job.State.FAILED)[:NEWEST]],
        "products": Product.objects.filter(vendor=vendor),
        "releases": _releases(vendor),
        "question_count": questions.count(),
        "questions": [(note, address_of(note)) for note in questions.order_by("-created_at")[:QUESTIONS]],
    }


def _releases(vendor: Organisation) -> Any:
    """The newest releases with what makes their state, in one question."""
    state = Delivery.State
    return (
        Release.objects.filter(product__vendor=vendor)
        .select_related("product", "subject")
        .annotate(
            quarantined=Count("deliveries", filter=Q(deliveries__state=state.QUARANTINED), distinct=True),
            withdrawn=Count("deliveries", filter=Q(deliveries__state=state.WITHDRAWN), distinct=True),
            lists=Count("build_lists", distinct=True),
            attested=Count("attestations", distinct=True),
        )
        .order_by("-created_at")[:NEWEST]
    )


def _questions(vendor: Organisation) -> Any:
    """First notes of open threads that their authority shows to the vendor; the vendor may read all of its own source."""
    rows = Note.objects.filter(thread__isnull=True, resolved_at__isnull=True, deleted_at__isnull=True)
    rows = rows.filter(visibility__in=OUTWARD, engagement__release__product__vendor=vendor)
    answers = Count("replies", filter=Q(replies__deleted_at__isnull=True))
    related = ("engagement__authority", "engagement__release__product")
    return rows.select_related(*related).annotate(answers=answers)
