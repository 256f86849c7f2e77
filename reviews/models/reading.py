"""Notes and read marks. They hang on (product, blob digest, region), so an unchanged file keeps them in the next release."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from reviews.models.engagement import Engagement
from transparency.models import Product, Snapshot


class Region(models.Model):
    """Lines `start` to `end` of a blob, 1-based and inclusive (DESIGN section 2)."""

    engagement = models.ForeignKey(Engagement, on_delete=models.PROTECT, related_name="%(class)ss")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    snapshot = models.ForeignKey(
        Snapshot, on_delete=models.PROTECT, related_name="+", help_text="Where it was written."
    )
    blob = models.CharField(max_length=64, help_text="SHA-256 of the file's content.")
    path = models.CharField(max_length=12288, help_text="Where it was written, escaped as in the manifest.")
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        constraints = (
            models.CheckConstraint(
                name="%(class)s_region", condition=models.Q(start__gte=1) & models.Q(end__gte=models.F("start"))
            ),
        )
        indexes = (models.Index(fields=("product", "blob"), name="%(class)s_blob"),)


class Note(Region):
    """A remark. This version knows one visibility: the authority's own people (the operator of the database can read it too)."""

    text = models.TextField(max_length=20_000)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta(Region.Meta):
        ordering = ("start", "created_at")

    def __str__(self) -> str:
        return f"note on lines {self.start}-{self.end}"


class ReadMark(Region):
    class Level(models.TextChoices):
        SKIMMED = "skimmed", "skimmed"
        READ = "read", "read"
        EXAMINED = "examined", "examined closely"

    level = models.CharField(max_length=16, choices=Level, default=Level.READ)

    class Meta(Region.Meta):
        ordering = ("start", "created_at")

    def __str__(self) -> str:
        return f"{self.level} lines {self.start}-{self.end}"
