"""Celery tasks: an id in, claim, do, nothing out. Time limits are declared; redelivery is the sweep's business."""

from __future__ import annotations

from uuid import UUID

from celery.signals import worker_process_init

from transparency.celery import app
from transparency.services.contain import sandbox
from transparency.services.perform_job import perform_job

# An import may use 15 minutes of CPU (EDGES, Limits); the rest is waiting for disks.
IMPORT_SECONDS = 3600


@app.task(name="transparency.tasks.run_import", time_limit=IMPORT_SECONDS, acks_late=False)  # type: ignore[untyped-decorator]
def run_import(job: str) -> None:
    perform_job(job=UUID(job))


@app.task(name="transparency.tasks.run_job", time_limit=600, acks_late=False)  # type: ignore[untyped-decorator]
def run_job(job: str) -> None:
    perform_job(job=UUID(job))


@worker_process_init.connect  # type: ignore[untyped-decorator]
def make_ready(**_: object) -> None:
    """The first task finds a contained process as every later one does."""
    sandbox().prepare()
