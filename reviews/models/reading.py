"""Notes and read marks. They hang on (product, blob digest, region), so an unchanged file keeps them in the next release."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from reviews.models.engagement import Engagement
from transparency.models import Product, Release, Snapshot


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
    """What a person says about lines, a file, a folder or the whole snapshot; a reply names the note that began its thread.

    A thread has one visibility, on the note that began it. Whatever it says, the operator of the database can read the row.
    """

    class About(models.TextChoices):
        REGION = "region", "lines"
        FILE = "file", "the file"
        FOLDER = "folder", "the folder"
        SNAPSHOT = "snapshot", "the whole source"

    class Visibility(models.TextChoices):
        MINE = "mine", "only me"
        TEAM = "team", "the auditors of this engagement"
        AUTHORITY = "authority", "everybody of my authority who reviews this release"
        VENDOR = "vendor", "my authority and the vendor"
        PUBLIC = "public", "everybody who may know of this release"

    about = models.CharField(max_length=16, choices=About, default=About.REGION)
    visibility = models.CharField(max_length=16, choices=Visibility, default=Visibility.AUTHORITY)
    thread = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replies")
    text = models.TextField(max_length=20_000, help_text="Markdown.")
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("start", "created_at")
        indexes = (
            models.Index(fields=("product", "blob"), name="note_blob"),
            models.Index(fields=("snapshot", "about"), name="note_about"),
        )
        constraints = (
            models.CheckConstraint(
                name="note_region",
                condition=models.Q(about="region", start__gte=1, end__gte=models.F("start"))
                | (~models.Q(about="region") & models.Q(start=0, end=0)),
            ),
            models.CheckConstraint(
                name="note_content",
                condition=models.Q(about__in=("region", "file")) & ~models.Q(blob="")
                | models.Q(about__in=("folder", "snapshot"), blob=""),
            ),
        )

    def __str__(self) -> str:
        return f"note on lines {self.start}-{self.end}" if self.start else f"note on {self.get_about_display()}"


class NoteEdit(models.Model):
    """What a note said before somebody changed it."""

    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="edits")
    text = models.TextField()
    replaced_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("replaced_at",)

    def __str__(self) -> str:
        return f"note {self.note_id} until {self.replaced_at:%Y-%m-%d}"


class LastPlace(models.Model):
    """Where a person stopped reading a release. It says nothing about what was read, and only that person sees it."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=12288, help_text="Escaped as in the manifest.")
    line = models.PositiveIntegerField(default=1)
    seen_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("person", "release"), name="last_place_once"),)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


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
