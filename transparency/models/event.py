"""What happened to a delivery or a key after its record was logged: each has a record and a leaf of its own."""

from __future__ import annotations

from django.db import models

from transparency.models.anchor import TrustAnchor
from transparency.models.delivery import Delivery
from transparency.models.organisation import Organisation, Person
from transparency.models.product import Product, Release


class Event(models.Model):
    class Kind(models.TextChoices):
        ADMITTED = "admitted", "Admitted from quarantine"
        WITHDRAWN = "withdrawn", "Withdrawn"
        VERDICT_CHANGED = "verdict-changed", "Verdict changed"
        KEY_ENROLLED = "key-enrolled", "Key enrolled"
        KEY_ROTATED = "key-rotated", "Key rotated"
        KEY_REVOKED = "key-revoked", "Key revoked"
        KEY_UPDATED = "key-updated", "Key brought up to date"
        KEYRING_IMPORTED = "keyring-imported", "Keyring imported"

    kind = models.CharField(max_length=24, choices=Kind)
    # About one product, or (`vendor`) about keys of all products of a vendor.
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, related_name="events")
    vendor = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="key_events")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, null=True, related_name="events")
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, null=True, related_name="events")
    anchor = models.ForeignKey(TrustAnchor, on_delete=models.PROTECT, null=True, related_name="events")
    before = models.CharField(max_length=200, blank=True)
    after = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    keyring = models.JSONField(null=True, help_text="Name, size, digest and counts of the file that was imported.")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    record = models.BinaryField()
    record_digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("created_at", "pk")
        constraints = (
            models.CheckConstraint(
                name="event_about_product_or_vendor",
                condition=models.Q(product__isnull=True, vendor__isnull=False)
                | models.Q(product__isnull=False, vendor__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.product or self.vendor}"
