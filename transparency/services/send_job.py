"""Hand a job's id to the broker. A broker that does not answer is weather: the sweep sends again."""

from __future__ import annotations

import logging

from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from transparency.celery import app
from transparency.models import Job

_logger = logging.getLogger(__name__)
_TASKS = dict.fromkeys(
    ("import-snapshot", "check-delivery", "import-debian", "check-debian", "import-git", "check-git", "check-sbom"),
    "transparency.tasks.run_import",
)


def send_job(*, job: Job) -> None:
    task = _TASKS.get(job.kind, "transparency.tasks.run_job")
    queue = settings.CELERY_TASK_ROUTES.get(task, {}).get("queue", settings.CELERY_TASK_DEFAULT_QUEUE)
    try:
        app.send_task(task, args=[str(job.pk)], queue=queue, retry=False, ignore_result=True)
    except (OperationalError, OSError) as error:
        _logger.warning("broker did not take job %s: %s", job.pk, error)
        return
    Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(sent_at=timezone.now())
