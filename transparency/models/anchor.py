"""Public keys that a vendor or an auditor is held to."""

from __future__ import annotations

from django.db import models

from transparency.models.organisation import Organisation, Person
from transparency.models.product import Product


class TrustAnchor(models.Model):
    """A key of a vendor for one product (`product` set) or of an auditor (`person` set)."""

    class Format(models.TextChoices):
        SSH = "ssh", "SSH"
        MINISIGN = "minisign", "minisign"
        PEM = "pem", "PEM"
        OPENPGP = "openpgp", "OpenPGP"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="anchors")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, blank=True, related_name="anchors")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="anchors")
    format = models.CharField(max_length=16, choices=Format)
    public = models.TextField()
    fingerprint = models.CharField(max_length=200)
    namespaces = models.JSONField(default=list)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    enrolled_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    enrolled_at = models.DateTimeField(auto_now_add=True)
    demo = models.BooleanField(default=False, help_text="A throw-away key of the demonstration; refused by production.")

    class Meta:
        ordering = ("enrolled_at",)
        constraints = (
            models.UniqueConstraint(fields=("product", "fingerprint"), name="anchor_once_per_product"),
            models.UniqueConstraint(fields=("person", "fingerprint"), name="anchor_once_per_person"),
            models.CheckConstraint(
                name="anchor_one_subject",
                condition=models.Q(product__isnull=True, person__isnull=False)
                | models.Q(product__isnull=False, person__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return self.fingerprint
