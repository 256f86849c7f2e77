"""What a vendor ships, and one version of it."""

from __future__ import annotations

import secrets

from django.core.validators import RegexValidator
from django.db import models

from transparency.models.organisation import Organisation, slug_validator

SECRET_BYTES = 32
version_validator = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}\Z",
    "Use 1 to 100 of A-Z a-z 0-9 . _ + ~ -, first a letter or digit.",
    code="version",
)


def fresh_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


class Product(models.Model):
    class Visibility(models.TextChoices):
        OPEN = "open", "Open"
        RESTRICTED = "restricted", "Restricted"

    slug = models.CharField(max_length=63, unique=True, validators=[slug_validator])
    name = models.CharField(max_length=200)
    vendor = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="products")
    visibility = models.CharField(max_length=16, choices=Visibility, default=Visibility.OPEN)
    # Salts of the commitments that stand for this product's values in the log (docs/formats.md section 3).
    secret = models.BinaryField(default=fresh_secret, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.name

    @property
    def is_restricted(self) -> bool:
        return self.visibility == self.Visibility.RESTRICTED

    @property
    def store_key(self) -> str:
        """Name of this product's compartment in the object store and the cache."""
        return f"p{self.pk}"


class Release(models.Model):
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="releases")
    version = models.CharField(max_length=100, validators=[version_validator])
    # The one snapshot that is attested; a release may have more deliveries than this one.
    subject = models.ForeignKey("Snapshot", on_delete=models.PROTECT, related_name="subject_of", null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("product", "-created_at")
        constraints = (models.UniqueConstraint(fields=("product", "version"), name="release_version_once"),)

    def __str__(self) -> str:
        return f"{self.product} {self.version}"
