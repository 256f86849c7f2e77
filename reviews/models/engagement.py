"""One authority's review of one release: scope, depth, team, terms, dates."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from transparency.models import Organisation, Release


class Engagement(models.Model):
    class Depth(models.TextChoices):
        BLUE = "blue", "Blue: overview"
        RED = "red", "Red: critical parts"
        BLACK = "black", "Black: everything"

    authority = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="engagements")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="engagements")
    depth = models.CharField(max_length=8, choices=Depth, default=Depth.BLUE)
    include = models.JSONField(default=list, help_text="Globs over manifest paths; empty means everything.")
    exclude = models.JSONField(default=list, help_text='List of {"glob", "reason"}.')
    auditors = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="engagements")
    terms = models.TextField(blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    # Canonical JSON of what was agreed; its SHA-256 is the predicate's review.engagementDigest.
    record = models.BinaryField()
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.authority} on {self.release}"


class Acceptance(models.Model):
    """That one of the auditors accepted the engagement's terms. The engagement is never edited, so neither are they."""

    engagement = models.ForeignKey(Engagement, on_delete=models.PROTECT, related_name="acceptances")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("engagement", "person"), name="terms_accepted_once"),)

    def __str__(self) -> str:
        return f"{self.person} on {self.engagement}"
