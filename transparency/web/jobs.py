"""One job as it stands; the page asks again by itself while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_GET

from transparency.errors import sentence_for
from transparency.models import Job
from transparency.web.access import job_or_404

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse


@require_GET
def job(request: HttpRequest, identity: UUID) -> HttpResponse:
    row = job_or_404(request, identity)
    running = row.state in {Job.State.QUEUED, Job.State.RUNNING}
    sentence = sentence_for(row.error["code"]) if row.error else ""
    return render(request, "transparency/job.html", {"job": row, "running": running, "sentence": sentence})
