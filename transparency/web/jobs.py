"""Work as it stands: one job with its progress and its log, all jobs that somebody may see, and the buttons that stop and repeat one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from transparency.errors import EvidenceError, sentence_for
from transparency.models import Delivery, Job, Organisation, Person, Product, Release
from transparency.permissions import Right, known_products, known_releases, may
from transparency.services.cancel_job import cancel_job
from transparency.services.deliver_checked import keys_to_enrol
from transparency.services.retry_job import retry_job
from transparency.web.access import job_or_404, job_subject, refuse, signed_in

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

RUNNING = frozenset({Job.State.QUEUED, Job.State.RUNNING})
ENDED_BADLY = frozenset({Job.State.FAILED, Job.State.CANCELLED})
JOBS_A_PAGE = 50
KINDS = {
    "import-snapshot": "Import of a source archive",
    "import-debian": "Import of a Debian source",
    "import-git": "Import of a git repository",
    "check-git": "Check of a git repository, keeping nothing",
    "check-delivery": "Check of a delivery, keeping nothing",
    "check-debian": "Check of a Debian source, keeping nothing",
    "import-builds": "Import of builds",
    "compare": "Comparison of two sources",
    "check-sbom": "Comparison of a bill of materials with the source",
    "reverify": "All deliveries checked again",
}
_COUNTS = ("members", "bytes", "archiveBytes", "archiveSize")


@never_cache
@require_safe
def job(request: HttpRequest, identity: UUID) -> HttpResponse:
    row = job_or_404(request, identity)
    result, about = row.result or {}, job_subject(row)
    context = {
        "job": row,
        "name": job_name(row),
        "about": about,
        "may_deliver": about is not None and may(request.user, Right.DELIVER, about),
        "running": row.state in RUNNING,
        "may_retry": row.state in ENDED_BADLY and _may_retry(request, about),
        "now": _progress(row),
        "sentence": sentence_for(row.error["code"]) if row.error else "",
        "deliveries": Delivery.objects.filter(pk__in=_deliveries(result)).order_by("pk"),
        "builds": result.get("builds"),
        "sbom": result.get("sbom"),
        "sbom_job": result.get("sbomJob"),
        "report": result.get("report"),
        "reports": (result.get("report") or {}).get("deliveries") or [result.get("report")],
        "keys": keys_to_enrol(row) if result.get("report") and about else (),
        "result": result,
    }
    return render(request, "transparency/job.html", context)


@never_cache
@require_safe
def progress(request: HttpRequest, identity: UUID) -> JsonResponse:
    """What the page of a running job asks for every second."""
    return JsonResponse(_progress(job_or_404(request, identity)))


@login_required
@require_POST
def cancel(request: HttpRequest, identity: UUID) -> HttpResponse:
    row = job_or_404(request, identity)
    try:
        cancel_job(job=row, by=signed_in(request))
        messages.success(request, "Cancelled. Nothing of this work is kept.")
    except EvidenceError as error:
        messages.warning(request, sentence_for(error.code))
    return redirect("job", row.pk)


@login_required
@require_POST
def retry(request: HttpRequest, identity: UUID) -> HttpResponse:
    row = job_or_404(request, identity)
    if not _may_retry(request, job_subject(row)):
        refuse("Work on a product is queued again by its vendor and by the operator.")
    try:
        retry_job(job=row.pk)
        messages.success(request, "Queued again, from the beginning.")
    except EvidenceError as error:
        messages.warning(request, sentence_for(error.code))
    return redirect("job", row.pk)


@login_required
@never_cache
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    rows = jobs_seen_by(signed_in(request))
    kinds = sorted(set(rows.values_list("kind", flat=True)))
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    chosen = rows.filter(state=state) if state in Job.State.values else rows
    chosen = chosen.filter(kind=kind) if kind in kinds else chosen
    page = Paginator(chosen.order_by("-created_at"), JOBS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "jobs": [(row, job_name(row), job_subject(row)) for row in page],
        "states": Job.State.choices,
        "kinds": [(each, _kind_name(each)) for each in kinds],
        "state": state,
        "kind": kind,
        "any": rows.exists(),
    }
    return render(request, "transparency/jobs.html", context)


def _may_retry(request: HttpRequest, about: Release | Product | None) -> bool:
    """Whoever once asked sees what came of it; asking anew takes the right as it is now."""
    if may(request.user, Right.OPERATE, None):
        return True
    return about is not None and may(request.user, Right.DELIVER, about)


def job_name(row: Job) -> str:
    """What the work is, with the name of the file that it is about."""
    file = (
        row.payload.get("archive") or row.payload.get("dsc") or row.payload.get("list") or row.payload.get("sbom") or {}
    )
    name = _kind_name(row.kind)
    return f"{name}: {file['name']}" if file.get("name") else name


def _kind_name(kind: str) -> str:
    return KINDS.get(kind, kind.replace("-", " ").capitalize())


def _deliveries(result: dict[str, Any]) -> list[int]:
    return [*result.get("deliveries", []), *([result["delivery"]] if result.get("delivery") else [])]


def _progress(row: Job) -> dict[str, Any]:
    """The job as its page shows it while it goes on."""
    began, until = row.sent_at or row.created_at, row.finished_at or timezone.now()
    seconds = max(0, int((until - began).total_seconds()))
    return {
        "state": row.state,
        "ended": row.state not in RUNNING,
        "step": row.progress.get("step", ""),
        **{name: row.progress.get(name, 0) for name in _COUNTS},
        "elapsed": f"{seconds // 60}:{seconds % 60:02}",
        "attempt": row.attempt,
        "log": row.log,
    }


def jobs_seen_by(person: Person) -> QuerySet[Job]:
    """The same jobs that `job_or_404` shows: all for the operator, a vendor's for its people, one's own while one may know of the rest."""
    if may(person, Right.OPERATE, None):
        return Job.objects.all()
    releases: list[int] = []
    products: list[int] = []
    if person.organisation and person.organisation.kind == Organisation.Kind.VENDOR:
        owned = Product.objects.filter(vendor=person.organisation)
        releases = list(Release.objects.filter(product__in=owned).values_list("pk", flat=True))
        products = list(owned.values_list("pk", flat=True))
    theirs = Q(payload__release__in=releases) | Q(payload__product__in=products)
    return Job.objects.filter(theirs | _own_jobs(person, set(releases), set(products)))


def _own_jobs(person: Person, releases: set[int], products: set[int]) -> Q:
    """What the person asked for, without work on what they may no longer know of; `releases` and `products` are known already."""
    own = Job.objects.filter(requested_by=person)
    asked = set(own.values_list("payload__release", "payload__product").distinct())
    of_releases = {release for release, _ in asked if release} - releases
    of_products = {product for release, product in asked if product and not release} - products
    lost = Q(pk__in=())
    if of_releases:
        known = Release.objects.filter(known_releases(person), pk__in=of_releases)
        lost |= Q(payload__release__in=sorted(of_releases - set(known.values_list("pk", flat=True))))
    if of_products:
        seen = Product.objects.filter(known_products(person), pk__in=of_products)
        gone = sorted(of_products - set(seen.values_list("pk", flat=True)))
        lost |= Q(payload__product__in=gone) & (Q(payload__release=None) | Q(payload__release__isnull=True))
    return Q(requested_by=person) & ~Q(pk__in=own.filter(lost).values("pk"))
