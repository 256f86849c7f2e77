"""One job as it stands; the page asks again by itself while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from transparency.errors import sentence_for
from transparency.models import Job
from transparency.web.access import job_or_404

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

RUNNING = frozenset({Job.State.QUEUED, Job.State.RUNNING})


@never_cache
@require_safe
def job(request: HttpRequest, identity: UUID) -> HttpResponse:
    row = job_or_404(request, identity)
    context = {
        "job": row,
        "running": row.state in RUNNING,
        "sentence": sentence_for(row.error["code"]) if row.error else "",
        "name": row.kind.replace("-", " ").capitalize(),
    }
    return render(request, "transparency/job.html", context)
