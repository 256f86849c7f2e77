"""What machines ask with: secrets that are scoped, expire, and are kept as digests alone."""

from __future__ import annotations

from django.db import models

from transparency.models.organisation import Person
from transparency.models.product import Product


def deliver_only() -> list[str]:
    return ["deliver"]


class ApiToken(models.Model):
    """Good for its scopes on one product, in its owner's name. Only its digest is kept."""

    class Scope(models.TextChoices):
        DELIVER = "deliver", "deliver sources and builds"
        READ = "read", "read releases, verdicts, builds and attestations"

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="tokens")
    scopes = models.JSONField(default=deliver_only)
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token.")
    # What is done with the token is done in this person's name, and only while that person may do it.
    owner = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    valid_until = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return self.name
