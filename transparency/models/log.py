"""The installation's identity, its log entries and the head of the tree."""

from __future__ import annotations

from django.db import models


class Installation(models.Model):
    """Exactly one row, fixed by `manage.py init`: origin and namespaces never change afterwards."""

    singleton = models.BooleanField(default=True, unique=True, editable=False)
    origin = models.CharField(max_length=200)
    vkey = models.CharField(max_length=400)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.CheckConstraint(name="installation_single", condition=models.Q(singleton=True)),)

    def __str__(self) -> str:
        return self.origin

    @property
    def attestation_namespace(self) -> str:
        return f"source-review@{self.origin}"


class LogEntry(models.Model):
    """A leaf. It is written with what it commits to, in one transaction; its index is given by the sequencer later."""

    kind = models.CharField(max_length=32)
    digest = models.CharField(max_length=64, help_text="Digest of the record; never public for restricted products.")
    leaf = models.BinaryField()
    opening = models.BinaryField(null=True, help_text="Salts that open the leaf's commitments (canonical JSON).")
    index = models.BigIntegerField(null=True, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("index",)
        constraints = (models.UniqueConstraint(fields=("kind", "digest"), name="log_once_per_kind_and_digest"),)
        indexes = (models.Index(fields=("id",), name="log_pending", condition=models.Q(index__isnull=True)),)

    def __str__(self) -> str:
        return f"{self.kind} {self.index}"


class LogHead(models.Model):
    """The newest checkpoint. Moved by compare-and-swap on (size, root), after the tiles it covers are durable."""

    singleton = models.BooleanField(default=True, unique=True, editable=False)
    size = models.BigIntegerField(default=0)
    root = models.CharField(max_length=64)
    checkpoint = models.BinaryField()
    moved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.CheckConstraint(name="log_head_single", condition=models.Q(singleton=True)),)

    def __str__(self) -> str:
        return f"{self.size} {self.root}"
