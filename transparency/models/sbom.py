"""A bill of materials that somebody handed in for a release, and how it compares with the source."""

from __future__ import annotations

from django.db import models

from transparency.models.delivery import Delivery
from transparency.models.organisation import Person
from transparency.models.product import Release
from transparency.models.snapshot import Snapshot


class Sbom(models.Model):
    """Nobody's signature is on it: who handed it in says so. What was compared never changes, so the row does not either."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="sboms")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="sboms")
    # The delivery whose tree it was compared with.
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="sboms")
    file_name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    form = models.CharField(max_length=16)
    title = models.CharField(max_length=1000, blank=True, help_text="What the document calls itself.")
    tree = models.JSONField(help_text="Counts and the first paths of each list, as sbom/against.py makes them.")
    packages = models.JSONField(help_text="The first packages that it declares: [{name, version, purl, licence}].")
    packages_declared = models.PositiveIntegerField()
    subjects = models.JSONField(help_text="What it says to be about, as packages.")
    findings = models.JSONField(help_text="Where it is not about the release: [{rule, detail}].")
    sender = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="sboms")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("created_at",)
        verbose_name = "bill of materials"
        verbose_name_plural = "bills of materials"
        constraints = (models.UniqueConstraint(fields=("release", "delivery", "sha256"), name="sbom_once"),)

    def __str__(self) -> str:
        return f"{self.file_name} ({self.form})"
