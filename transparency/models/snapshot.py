"""Immutable source trees. No row per file: paths live in the file table, an object of the store."""

from __future__ import annotations

from django.db import models

from transparency.models.product import Product


class Snapshot(models.Model):
    """Named by its manifest digest, unique per product. Manifest, file table and packs lie in the object store."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="snapshots")
    manifest = models.CharField(max_length=64)
    opening_root = models.CharField(max_length=64)
    opening_secret = models.BinaryField(editable=False)
    git_tree = models.CharField(max_length=40)
    dir_hash = models.CharField(max_length=60, null=True)  # noqa: DJ001 - null is "undefined here", an empty text would be a lie
    files = models.BigIntegerField()
    bytes = models.BigIntegerField()
    lines = models.BigIntegerField()
    file_table = models.CharField(max_length=64, help_text="Digest of the file table object.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("product", "manifest"), name="snapshot_once_per_product"),)

    def __str__(self) -> str:
        return self.manifest


class SnapshotPack(models.Model):
    """A git pack and its index, by digest; the first import writes one complete pack."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="packs")
    position = models.PositiveSmallIntegerField()
    pack = models.CharField(max_length=64)
    index = models.CharField(max_length=64)

    class Meta:
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=("snapshot", "position"), name="snapshot_pack_position"),)

    def __str__(self) -> str:
        return self.pack
