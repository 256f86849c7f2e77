"""Public keys that a vendor or an auditor is held to."""

from __future__ import annotations

from django.db import models

from transparency.models.organisation import Organisation, Person
from transparency.models.product import Product


class TrustAnchor(models.Model):
    """A key of a vendor for one product (`product` set) or for all of its products (neither set), or of an auditor (`person` set)."""

    class Format(models.TextChoices):
        SSH = "ssh", "SSH"
        MINISIGN = "minisign", "minisign"
        PEM = "pem", "PEM"
        OPENPGP = "openpgp", "OpenPGP"
        SIGNIFY = "signify", "signify"
        X509 = "x509", "X.509 certificate"

    class Revocation(models.TextChoices):
        COMPROMISED = "compromised", "compromised, or no reason known"
        SUPERSEDED = "superseded", "replaced by another key"
        RETIRED = "retired", "no longer used"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="anchors")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, blank=True, related_name="anchors")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="anchors")
    format = models.CharField(max_length=16, choices=Format)
    public = models.TextField()
    fingerprint = models.CharField(max_length=200)
    user_ids = models.TextField(blank=True, help_text="User ids of an OpenPGP certificate, one a line.")
    namespaces = models.JSONField(default=list)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    enrolled_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    enrolled_at = models.DateTimeField(auto_now_add=True)
    # Of vendor-wide keys, the import that brought them; of any certificate, what last brought it up to date.
    enrolled_with = models.ForeignKey(
        "transparency.Event", on_delete=models.PROTECT, null=True, blank=True, related_name="enrolled_anchors"
    )
    updated_with = models.ForeignKey(
        "transparency.Event", on_delete=models.PROTECT, null=True, blank=True, related_name="updated_anchors"
    )
    # Superseded and retired keys count as expired since then; a compromised one counts for nothing, whatever the time (EDGES, Time).
    revoked_at = models.DateTimeField(null=True, blank=True)
    revocation = models.CharField(max_length=16, choices=Revocation, blank=True)
    revocation_reason = models.TextField(blank=True)
    demo = models.BooleanField(default=False, help_text="A throw-away key of the demonstration; refused by production.")

    class Meta:
        ordering = ("enrolled_at",)
        constraints = (
            models.UniqueConstraint(fields=("product", "fingerprint"), name="anchor_once_per_product"),
            models.UniqueConstraint(fields=("person", "fingerprint"), name="anchor_once_per_person"),
            models.UniqueConstraint(
                fields=("organisation", "fingerprint"),
                name="anchor_once_per_organisation",
                condition=models.Q(product__isnull=True, person__isnull=True),
            ),
            models.CheckConstraint(
                name="anchor_one_subject",
                condition=models.Q(product__isnull=True) | models.Q(person__isnull=True),
            ),
            models.CheckConstraint(
                name="anchor_revocation_whole",
                condition=models.Q(revoked_at__isnull=True, revocation="")
                | (models.Q(revoked_at__isnull=False) & ~models.Q(revocation="")),
            ),
        )

    def __str__(self) -> str:
        return self.fingerprint


class AnchorKeyId(models.Model):
    """Key ids of an OpenPGP anchor's keys: a keyring has a thousand certificates, and a signature names one key."""

    anchor = models.ForeignKey(TrustAnchor, on_delete=models.CASCADE, related_name="key_ids")
    key_id = models.CharField(max_length=16, db_index=True, help_text="16 hex digits, upper case.")

    def __str__(self) -> str:
        return self.key_id
