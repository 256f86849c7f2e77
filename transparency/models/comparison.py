"""How two snapshots differ, found once: neither they nor the rules of one version ever change."""

from __future__ import annotations

from django.db import models

from transparency.models.snapshot import Snapshot


class Comparison(models.Model):
    """`first`: as it was written, `second`: as it was shipped. Which files differ lies in an object, without paths."""

    first = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="compared_as_first")
    second = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="compared_as_second")
    # Folders that are compared, escaped as in the manifest; empty for the whole tree.
    first_below = models.CharField(max_length=1000, blank=True)
    second_below = models.CharField(max_length=1000, blank=True)
    rules = models.CharField(max_length=16)
    result = models.CharField(max_length=64, help_text="Digest of the result object.")
    counts = models.JSONField(help_text="Files by class.")
    unexplained = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("first", "second", "first_below", "second_below", "rules"), name="comparison_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.first} and {self.second}"
