"""Organisations (vendor, authority, operator) and the people in them."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models

SLUG = r"^[a-z0-9][a-z0-9-]{0,62}\Z"
slug_validator = RegexValidator(SLUG, "Use 1 to 63 lower-case letters, digits and hyphens.", code="slug")


class Organisation(models.Model):
    class Kind(models.TextChoices):
        VENDOR = "vendor", "Vendor"
        AUTHORITY = "authority", "Authority"
        OPERATOR = "operator", "Operator"

    slug = models.CharField(max_length=63, unique=True, validators=[slug_validator])
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=Kind)

    class Meta:
        ordering = ("slug",)
        constraints = (
            models.CheckConstraint(
                name="organisation_kind", condition=models.Q(kind__in=["vendor", "authority", "operator"])
            ),
        )

    def __str__(self) -> str:
        return self.name


class Person(AbstractUser):
    """Somebody who signs in. Names never enter the log; there only the organisation appears."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="people", null=True, blank=True
    )
    demo = models.BooleanField(default=False, help_text="Made by the demonstration; refused by production.")

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.get_username()
