"""Who may do what with which product, release or folder, and for how long (asked through permissions.may)."""

from __future__ import annotations

from django.db import models

from transparency.models.organisation import Organisation, Person
from transparency.models.product import Product, Release


class Grant(models.Model):
    """Rights for exactly one of organisation and person, on exactly one of product and release, there for `folder` and below."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, null=True, blank=True, related_name="grants"
    )
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="grants")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, null=True, blank=True, related_name="grants")
    release = models.ForeignKey(Release, on_delete=models.CASCADE, null=True, blank=True, related_name="grants")
    # Escaped as in the manifest; empty for the whole tree; never begins or ends with a slash.
    folder = models.CharField(max_length=12288, blank=True, default="")
    rights = models.JSONField(default=list)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    granted_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="grant_one_holder",
                condition=models.Q(organisation__isnull=True, person__isnull=False)
                | models.Q(organisation__isnull=False, person__isnull=True),
            ),
            models.CheckConstraint(
                name="grant_one_object",
                condition=models.Q(product__isnull=True, release__isnull=False)
                | models.Q(product__isnull=False, release__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{', '.join(self.rights)} for {self.organisation or self.person}"

    @property
    def on_product(self) -> Product:
        """The product, be it that of the release."""
        product = self.release.product if self.release else self.product
        if product is None:
            raise AssertionError("a grant is on a product or on a release")
        return product
