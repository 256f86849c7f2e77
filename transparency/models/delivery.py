"""How a snapshot reached a release: the original object, its signatures and the machine's verdict on them."""

from __future__ import annotations

from django.db import models

from transparency.models.builds import BuildList
from transparency.models.organisation import Person
from transparency.models.product import Release
from transparency.models.snapshot import Snapshot
from transparency.proofs.signatures.cover import COVERS_ONE


class Delivery(models.Model):
    class State(models.TextChoices):
        ADMITTED = "admitted", "Admitted"
        QUARANTINED = "quarantined", "In quarantine"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class Over(models.TextChoices):
        ARCHIVE = "archive", "the file as delivered"
        DECOMPRESSED = "decompressed", "the decompressed tar"

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="deliveries")
    role = models.CharField(max_length=32, default="release-archive")
    state = models.CharField(max_length=16, choices=State)
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, null=True, related_name="deliveries")
    derived_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="derivations")
    archive_name = models.CharField(max_length=255)
    archive_size = models.BigIntegerField()
    archive_sha256 = models.CharField(max_length=64)
    archive_sha512 = models.CharField(max_length=128)
    archive_blake2b512 = models.CharField(max_length=128)
    # What the signatures were made over, when it is not the archive itself: a signed checksum list, the text of a .dsc, a tag or commit,
    # as {form, name, size, sha256, sha512, blake2b512}; or only the digests of the decompressed tar.
    signature_over = models.CharField(max_length=16, choices=Over, default=Over.ARCHIVE)
    cover = models.JSONField(null=True)
    # The one signed object of a repository and how it leads to the tree: {objectFormat, ref, object, commit, tree, commitObject}; the
    # last is the digest of the stored bytes of the commit.
    git = models.JSONField(null=True)
    # Other files that the tree was made of, by name: [{name, size, sha256}].
    components = models.JSONField(default=list)
    prefix = models.CharField(max_length=4096 * 3, blank=True)
    # Over raw bytes with empty directories: two archives of one manifest may differ in it, so it belongs here.
    swhid = models.CharField(max_length=50, blank=True)
    flagged = models.JSONField(default=list)
    refused = models.JSONField(default=list)
    # What the archive's own metadata say, where it is a package of a kind that we know:
    # {kind, file, name, version, purl, licence, repository}.
    package = models.JSONField(null=True)
    verdict = models.CharField(max_length=16)
    verdict_code = models.CharField(max_length=64)
    policy = models.CharField(max_length=32)
    record = models.BinaryField(null=True)
    record_digest = models.CharField(max_length=64, blank=True)
    sender = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="deliveries")
    # Several deliveries may come out of one job: a Debian source gives three.
    job = models.ForeignKey("Job", on_delete=models.PROTECT, related_name="deliveries")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("created_at",)
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.archive_name} ({self.verdict})"


class SignatureFile(models.Model):
    """One signature handed in with a delivery or a checksum list, and what became of it."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, null=True, related_name="signatures")
    build_list = models.ForeignKey(BuildList, on_delete=models.CASCADE, null=True, related_name="signatures")
    position = models.PositiveSmallIntegerField()
    sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=16)
    key = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=16)
    code = models.CharField(max_length=64)
    steps = models.JSONField(default=list, help_text="Numbered steps: name, status, expected, found.")

    class Meta:
        ordering = ("position",)
        constraints = (
            models.CheckConstraint(
                name="signature_one_subject",
                condition=models.Q(delivery__isnull=True, build_list__isnull=False)
                | models.Q(delivery__isnull=False, build_list__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.format} {self.outcome}"

    @property
    def over_file(self) -> str:
        """Name of the one file of a signed description that it is over; empty where it is over what the delivery's record says."""
        first = self.steps[0] if self.steps else {}
        return str(first["expected"]) if first.get("name") == COVERS_ONE else ""
