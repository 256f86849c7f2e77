"""Published build files and the signed checksum lists that name them."""

from __future__ import annotations

from django.db import models

from transparency.models.product import Release


class BuildList(models.Model):
    """One import of builds: the checksum list (if there was one), its verdict, its record."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="build_lists")
    manifest = models.CharField(max_length=64, blank=True, help_text="Subject snapshot of the release at import.")
    name = models.CharField(max_length=255, blank=True)
    size = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    verdict = models.CharField(max_length=16)
    verdict_code = models.CharField(max_length=64)
    policy = models.CharField(max_length=32)
    record = models.BinaryField()
    record_digest = models.CharField(max_length=64)
    job = models.OneToOneField("Job", on_delete=models.PROTECT, related_name="build_list")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return f"{self.name} ({self.verdict})"


class Artifact(models.Model):
    class Listing(models.TextChoices):
        EQUAL = "listed-and-equal", "listed and equal"
        DIFFERENT = "listed-and-different", "listed and different"
        MISSING = "listed-and-missing", "listed and missing"
        NOT_LISTED = "not-listed", "not listed"

    build_list = models.ForeignKey(BuildList, on_delete=models.CASCADE, related_name="artifacts")
    name = models.CharField(max_length=1024)
    size = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    listed = models.CharField(max_length=64, blank=True)
    listing = models.CharField(max_length=24, choices=Listing)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("build_list", "name"), name="artifact_name_once"),)

    def __str__(self) -> str:
        return self.name
