"""An invitation: the only way in. Whoever holds its link once becomes a person of the organisation."""

from __future__ import annotations

from django.db import models

from transparency.models.organisation import Organisation, Person


class Invitation(models.Model):
    """Open until it is accepted, withdrawn or past `valid_until`. Only the digest of its secret is kept."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invitations")
    name = models.CharField(max_length=150, help_text="For whom, as whoever invites knows them.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret in the link.")
    invited_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    valid_until = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.OneToOneField(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="invitation"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.CheckConstraint(
                name="invitation_one_end",
                condition=models.Q(accepted_at__isnull=True) | models.Q(withdrawn_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} of {self.organisation}"
