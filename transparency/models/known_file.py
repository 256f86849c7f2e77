"""Files that build tools copy into releases, by digest, as distribution packages have them."""

from __future__ import annotations

from django.db import models


class KnownFile(models.Model):
    """One file of one version of a package. Whoever filled the catalogue vouches that the package was what it is called."""

    name = models.CharField(max_length=200, db_index=True, help_text="The last part of its path.")
    sha256 = models.CharField(max_length=64, db_index=True)
    serial = models.CharField(max_length=20, blank=True)
    stripped = models.CharField(max_length=64, blank=True, db_index=True, help_text="SHA-256 without comments.")
    package = models.CharField(max_length=120)
    version = models.CharField(max_length=120)
    path = models.CharField(max_length=500)
    # The package file that it was read from.
    source = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("name", "sha256", "package", "version"), name="known_file_once"),
        )

    def __str__(self) -> str:
        return f"{self.name} of {self.package} {self.version}"
