"""Statements as handed out (frozen bytes) and the signed envelopes that came back."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from reviews.models.engagement import Engagement
from transparency.models import LogEntry, Release, Snapshot, TrustAnchor


class Statement(models.Model):
    """What the auditor is asked to sign. Never edited: another draft is another row."""

    engagement = models.ForeignKey(Engagement, on_delete=models.PROTECT, related_name="statements")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="statements")
    anchor = models.ForeignKey(TrustAnchor, on_delete=models.PROTECT, related_name="statements")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="statements")
    payload = models.BinaryField()
    digest = models.CharField(max_length=64, unique=True)
    conclusion = models.CharField(max_length=16)
    # What opens coverage.marksRoot: the secret, and the marks as they were at this moment (docs/formats.md section 8).
    marks_secret = models.BinaryField(editable=False)
    marks = models.BinaryField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # Set while its reviewer does not mean to sign it. The row stays, and it can be taken up again.
    abandoned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.digest


class Attestation(models.Model):
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="attestations")
    statement = models.OneToOneField(Statement, on_delete=models.PROTECT, related_name="attestation")
    envelope = models.BinaryField()
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the envelope as stored.")
    entry = models.OneToOneField(LogEntry, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return self.digest
