"""Files on their way in."""

from __future__ import annotations

import uuid

from django.db import models

from transparency.models.organisation import Person
from transparency.models.product import Product


class Upload(models.Model):
    """One file that arrives in pieces. The bytes lie in the product's compartment; this row says how many are safely there."""

    class State(models.TextChoices):
        RECEIVING = "receiving", "Receiving"
        STORED = "stored", "Stored"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="uploads")
    sender = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    received = models.BigIntegerField(default=0)
    state = models.CharField(max_length=16, choices=State, default=State.RECEIVING)
    # Digests once stored: {size, sha256, sha512, blake2b512}.
    stored = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return f"{self.name} {self.received}/{self.size}"
