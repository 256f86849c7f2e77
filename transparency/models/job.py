"""Long work. This row is the truth; the broker only carries its id (DESIGN section 4, Jobs)."""

from __future__ import annotations

import uuid

from django.db import models

from transparency.models.organisation import Person


class Job(models.Model):
    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=32)
    idempotency_key = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED, db_index=True)
    payload = models.JSONField(default=dict)
    progress = models.JSONField(default=dict)
    # Claims so far. The result transaction checks it, so a worker that was overtaken cannot commit (fencing).
    attempt = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=200, blank=True)
    lease_until = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True, help_text="When its id was last handed to the broker.")
    result = models.JSONField(null=True)
    error = models.JSONField(null=True)
    # What it said while it worked, newest last, a bounded number of lines: [{at, text}].
    log = models.JSONField(default=list)
    requested_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="jobs")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return f"{self.kind} {self.id} ({self.state})"
