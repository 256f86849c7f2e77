"""Files on their way in, and the tokens that machines send them with."""

from __future__ import annotations

import uuid

from django.db import models

from transparency.models.organisation import Person
from transparency.models.product import Product


class DeliveryToken(models.Model):
    """A secret of a vendor's CI, good for deliveries of one product. Only its digest is kept."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="tokens")
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
